"""SHA-256 whose state can be written down, so that a digest goes on after a restart where it stopped.

`hashlib` hides its state. OpenSSL's own functions work on a plain struct that a caller may copy (``SHA256_CTX`` in
``openssl/sha.h``, the same since 0.9.8), and `hashlib` has their library loaded already. Turned down: pure Python,
which is a thousand times slower; reading shipped parts back from Telegram to hash them again; keeping every
part in the spool until the end. The last is what happens where the functions cannot be found: `available` says.
"""

import _hashlib
import ctypes
import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

_STATE_BYTES = 112
_DIGEST_BYTES = 32
_MARK = b"openssl1"


class Digest(Protocol):
    """What is used of a `hashlib` object."""

    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...

    def copy(self) -> "Digest": ...


class ResumableSha256:
    """A `hashlib.sha256` that begins anew, or with the ``state`` of another. It lets other threads run, as that does.

    Raises ValueError for what `state` did not give.
    """

    __slots__ = ("_context",)

    def __init__(self, state: bytes | None = None) -> None:
        if state is None:
            self._context = ctypes.create_string_buffer(_STATE_BYTES)
            _functions().init(self._context)
            return
        if len(state) != len(_MARK) + _STATE_BYTES or not state.startswith(_MARK):
            raise ValueError("not the state of a SHA-256")
        self._context = ctypes.create_string_buffer(state[len(_MARK) :], _STATE_BYTES)

    @property
    def state(self) -> bytes:
        return _MARK + self._context.raw

    def update(self, data: bytes | memoryview, /) -> None:
        whole = data if isinstance(data, bytes) else _as_bytes(data)
        _functions().update(self._context, whole, len(whole))

    def digest(self) -> bytes:
        ended = ctypes.create_string_buffer(self._context.raw, _STATE_BYTES)
        out = ctypes.create_string_buffer(_DIGEST_BYTES)
        _functions().final(out, ended)
        return out.raw

    def copy(self) -> "ResumableSha256":
        return ResumableSha256(self.state)


def _as_bytes(view: memoryview) -> bytes:
    """A view of a whole bytes object is that object; ctypes takes no other without a copy, and few are pieces."""
    behind = view.obj
    return behind if isinstance(behind, bytes) and len(behind) == view.nbytes else bytes(view)


class _Functions:
    def __init__(self, library: ctypes.CDLL) -> None:
        self.init = library.SHA256_Init
        self.init.argtypes = [ctypes.c_void_p]
        self.update = library.SHA256_Update
        self.update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self.final = library.SHA256_Final
        self.final.argtypes = [ctypes.c_char_p, ctypes.c_void_p]


def _find() -> _Functions | None:
    """In the library that `hashlib` uses, or in the interpreter where it is linked into that."""
    for library in _libraries():
        try:
            return _Functions(library)
        except AttributeError:
            continue
    return None


def _libraries() -> Iterator[ctypes.CDLL]:
    for path in (getattr(_hashlib, "__file__", None), None):
        try:
            yield ctypes.CDLL(path)
        except OSError:
            continue


_FOUND = _find()


def _functions() -> _Functions:
    assert _FOUND is not None
    return _FOUND


def _works() -> bool:
    """Whether the functions are there and do what `hashlib` does, over a state that went through bytes."""
    if _FOUND is None:
        return False
    text = bytes(range(256)) * 3
    digest = ResumableSha256()
    digest.update(text[:333])
    resumed = ResumableSha256(digest.state)
    resumed.update(text[333:])
    return resumed.digest() == hashlib.sha256(text).digest()


available = _works()
"""Whether this Python lets a SHA-256 be resumed."""

new: Callable[[], Digest] = ResumableSha256 if available else hashlib.sha256


class NoDigest:
    """For bytes that are hashed later, when they are put together."""

    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes:
        return b""

    def copy(self) -> "NoDigest":
        return self
