"""A SHA-256 that goes on from its state is that of `hashlib`."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.resumable import sha256
from storage.resumable.sha256 import ResumableSha256


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_it_goes_on_at_any_byte(pieces: list[bytes]) -> None:
    """Through its state and through a copy, from bytes and from views of them."""
    digest = ResumableSha256()
    for piece in pieces:
        digest.update(piece[:100])
        digest.copy().update(b"another way")
        digest = ResumableSha256(digest.state)
        digest.update(memoryview(piece)[100:])
    assert digest.digest() == hashlib.sha256(b"".join(pieces)).digest()
    assert digest.digest() == digest.copy().digest()


def test_this_python_lets_it_be_resumed() -> None:
    assert sha256.available


@pytest.mark.parametrize("state", [b"", b"x" * 120, ResumableSha256().state[:-1]])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match="not the state"):
        ResumableSha256(state)
