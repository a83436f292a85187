"""What the recovery passphrase opens: an age identity, in whose name backups are encrypted.

Backups are made while nobody is there to type, so they are encrypted to a *recipient*, which is no secret. Its identity
is kept as an age file of its own, which the passphrase opens, and every backup carries that file. So does anybody's
``age -d -i identity.age``.
"""

import base64
import hashlib
import hmac
import os
import re
import textwrap
from dataclasses import dataclass

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.recovery.errors import WrongPassphrase

GROUP_LENGTH = 5
_INTRO = b"age-encryption.org/v1"
_LOG_COST = 15
"""scrypt with 32 MiB. The library would take a gigabyte, which a small machine has not; a passphrase of 148 random
bits needs no stretching at all.
"""

_ARMOR = "-----{} AGE ENCRYPTED FILE-----"


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupKey:
    """``recipient`` encrypts; ``identity`` is an armored age file that holds what decrypts, for the passphrase."""

    recipient: str
    identity: str


def new_backup_key(passphrase: str) -> BackupKey:
    """A key pair for this passphrase."""
    identity = pyrage.x25519.Identity.generate()
    return BackupKey(
        recipient=str(identity.to_public()), identity=_armored(_encrypted(canonical(passphrase), str(identity)))
    )


def open_identity(passphrase: str, identity: str) -> pyrage.x25519.Identity:
    """The identity in the file. Raises `WrongPassphrase`, also where the file is none."""
    try:
        text = pyrage.passphrase.decrypt(identity.encode(), canonical(passphrase)).decode()
        return pyrage.x25519.Identity.from_str(text.strip())
    except (pyrage.DecryptError, pyrage.IdentityError, OSError, ValueError) as error:
        raise WrongPassphrase from error


def canonical(passphrase: str) -> str:
    """As it was shown: lower case, in groups. Whatever stood between the characters does not matter."""
    plain = re.sub(r"[^a-z0-9]", "", passphrase.lower())
    return "-".join(plain[start : start + GROUP_LENGTH] for start in range(0, len(plain), GROUP_LENGTH))


def _encrypted(passphrase: str, text: str) -> bytes:
    """A short text as an age file (https://age-encryption.org/v1) with one scrypt stanza and one chunk."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    cost = {"n": 1 << _LOG_COST, "r": 8, "p": 1, "maxmem": 1 << 26, "dklen": 32}
    wrap_key = hashlib.scrypt(passphrase.encode(), salt=_INTRO + b"/scrypt" + salt, **cost)
    wrapped = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
    header = b"%s\n-> scrypt %s %d\n%s\n---" % (_INTRO, _base64(salt), _LOG_COST, _base64(wrapped))
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\1", text.encode(), None)
    return header + b" " + _base64(mac) + b"\n" + nonce + payload


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _armored(data: bytes) -> str:
    lines = textwrap.wrap(base64.b64encode(data).decode(), 64)
    return "\n".join([_ARMOR.format("BEGIN"), *lines, _ARMOR.format("END"), ""])
