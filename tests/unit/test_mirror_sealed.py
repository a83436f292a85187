"""Sealed files: any range can be read, and nothing that was changed is taken for what was written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.mirror.sealed import CHUNK, HEADER, TAG, BrokenSeal, MirrorKey, SealedFile, Sealer, sealed_size

KEY = MirrorKey(b"a key of thirty-two characters.."[:32])
SIZES = [1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17]
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plain(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed(data: bytes, *, pieces: int = 40_000, key: MirrorKey = KEY) -> bytes:
    sealer = Sealer(key)
    parts = [sealer.header]
    for start in range(0, len(data), pieces):
        parts += sealer.update(data[start : start + pieces])
    return b"".join([*parts, sealer.finish()])


@contextmanager
def opened(path: Path, content: bytes, key: MirrorKey = KEY) -> Iterator[SealedFile]:
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    try:
        yield SealedFile(fd, key)
    finally:
        os.close(fd)


def read_all(path: Path, content: bytes, key: MirrorKey = KEY) -> bytes:
    with opened(path, content, key) as file:
        return file.read(0, file.size)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_read_back(tmp_path: Path, size: int) -> None:
    content = sealed(plain(size))
    assert len(content) == sealed_size(size)
    with opened(tmp_path / "file", content) as file:
        assert file.size == size
        assert file.read(0, size + 100) == plain(size)
        assert file.read(size, 10) == b""


@given(size=st.integers(1, 3 * CHUNK), start=st.integers(0, 3 * CHUNK), length=st.integers(0, 2 * CHUNK))
@MANY
def test_any_range_is_that_of_the_plain_text(tmp_path: Path, size: int, start: int, length: int) -> None:
    data = plain(size)
    with opened(tmp_path / "file", sealed(data)) as file:
        assert file.read(start, length) == data[start : start + length]


@given(pieces=st.lists(st.integers(0, CHUNK + 3), min_size=1, max_size=6).filter(any))
@MANY
def test_how_the_bytes_come_does_not_matter(tmp_path: Path, pieces: list[int]) -> None:
    data, sealer, at = plain(sum(pieces)), Sealer(KEY), 0
    parts = [sealer.header]
    for piece in pieces:
        parts += sealer.update(memoryview(data)[at : at + piece])
        at += piece
    parts.append(sealer.finish())
    assert read_all(tmp_path / "file", b"".join(parts)) == data


@given(at=st.integers(0, sealed_size(2 * CHUNK + 5) - 1), bit=st.integers(0, 7))
@MANY
def test_a_changed_bit_is_noticed(tmp_path: Path, at: int, bit: int) -> None:
    content = bytearray(sealed(plain(2 * CHUNK + 5)))
    content[at] ^= 1 << bit
    with pytest.raises(BrokenSeal):
        read_all(tmp_path / "file", bytes(content))


@given(kept=st.integers(0, sealed_size(2 * CHUNK) - 1))
@MANY
def test_a_truncated_file_is_noticed(tmp_path: Path, kept: int) -> None:
    with pytest.raises(BrokenSeal):
        read_all(tmp_path / "file", sealed(plain(2 * CHUNK))[:kept])


def test_cut_between_two_chunks_the_last_one_tells(tmp_path: Path) -> None:
    content = sealed(plain(3 * CHUNK))[: HEADER + 2 * (CHUNK + TAG)]
    with opened(tmp_path / "file", content) as file:
        assert file.read(0, CHUNK) == plain(CHUNK)
        with pytest.raises(BrokenSeal, match="chunk 1"):
            file.read(CHUNK, 1)


def test_chunks_of_another_file_do_not_fit(tmp_path: Path) -> None:
    one, other = sealed(plain(2 * CHUNK)), sealed(plain(2 * CHUNK))
    mixed = one[: HEADER + CHUNK + TAG] + other[HEADER + CHUNK + TAG :]
    with pytest.raises(BrokenSeal, match="chunk 1"):
        read_all(tmp_path / "file", mixed)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    other = MirrorKey(b"another key of enough characters")
    with pytest.raises(BrokenSeal, match="chunk 0"):
        read_all(tmp_path / "file", sealed(plain(10)), other)
    assert other.name(b"digest") != KEY.name(b"digest")


def test_the_same_bytes_are_never_sealed_alike() -> None:
    assert sealed(plain(100)) != sealed(plain(100))
