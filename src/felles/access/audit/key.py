"""The key that signs the log: Ed25519 (RFC 8032), private half in a file of mode 0600, public half beside it."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

PUBLIC = ".pub"


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file, made where there is none. Raises PermissionError where others may read it, ValueError for
    what is no such key."""
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} signs the access log and must be readable by its owner alone (mode 0600)")
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    part = path.with_suffix(f".{os.getpid()}")
    _put(part, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _put(path.with_suffix(PUBLIC), public, 0o644)
    part.rename(path)


def _put(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The public half as a seal names it: 32 bytes."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def trusted_keys(folder: Path) -> frozenset[bytes]:
    """The public keys in a folder: this log's own, those it had before, those of other machines of one store."""
    keys = [load_pem_public_key(path.read_bytes()) for path in sorted(folder.glob(f"*{PUBLIC}"))]
    return frozenset(
        key.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in keys if isinstance(key, Ed25519PublicKey)
    )


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is of `message` by `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
