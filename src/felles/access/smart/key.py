"""The keys that access tokens are signed with: files of the store's owner, mode 0600, in a folder beside the store.

The newest signs. The older ones are published and verify until nothing that they signed can be valid any more.
"""

import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from joserfc.jwk import ECKey

OVERLAP_SECONDS = 24 * 3600
"""How long a key is kept after the next one took over: far longer than any token of ours lives."""
LOOK_SECONDS = 1.0
"""How often at the most the folder is looked at for keys of other processes."""
_SUFFIX = ".jwk"


class KeyFolderOpen(ValueError):
    """Others than the owner can read the keys."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair (ES256). `kid` is its thumbprint (RFC 7638), `since` when it was made, in seconds."""

    kid: str
    since: int
    private: EllipticCurvePrivateKey
    verifying: EllipticCurvePublicKey
    public: dict[str, Any]


def folder_of(store: str, chosen: str = "") -> Path:
    """Where a store's keys lie: the chosen folder, else beside an embedded store, its name with -keys; for PostgreSQL
    var/felles-keys."""
    if chosen:
        return Path(chosen)
    return Path("var/felles-keys" if "://" in store else f"{store}-keys")


class KeyFolder:
    """The keys of one store, seen anew when the folder changes. Made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, SigningKey] = {}
        self._looked = 0.0
        self._secret: bytes | None = None

    @property
    def place(self) -> Path:
        """The folder, there for its owner alone. Raises KeyFolderOpen."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder.stat().st_mode & 0o077 or self._folder.is_symlink():
            raise KeyFolderOpen(f"{self._folder} must be a folder that its owner alone can enter (chmod 700)")
        return self._folder

    @property
    def secret(self) -> bytes:
        """32 random bytes that all processes of the store share: for nonces."""
        if self._secret is None:
            self._secret = _shared(self.place / "nonce.secret")
        return self._secret

    def signing(self) -> SigningKey:
        """The key that signs now; the first is made here."""
        self._look()
        if not self._keys:
            self.rotate(int(time.time()))
        return max(self._keys.values(), key=lambda one: (one.since, one.kid))

    def find(self, kid: str) -> SigningKey | None:
        """The key of this id, ours or another process's."""
        if kid not in self._keys:
            self._look()
        return self._keys.get(kid)

    def published(self) -> list[dict[str, Any]]:
        """The public halves (RFC 7517), the signing one first."""
        first = self.signing()
        rest = [key for key in self._keys.values() if key.kid != first.kid]
        return [key.public for key in (first, *sorted(rest, key=lambda one: -one.since))]

    def rotate(self, now: int) -> SigningKey:
        """A new signing key; those that were followed more than OVERLAP_SECONDS ago are removed."""
        made = ECKey.generate_key("P-256", auto_kid=False)
        kid = made.thumbprint()
        body = orjson.dumps({**made.as_dict(private=True), "kid": kid, "since": now})
        _put(self.place / f"{kid}{_SUFFIX}", body)
        self._read()
        in_order = sorted(self._keys.values(), key=lambda one: (one.since, one.kid))
        for old, following in pairwise(in_order):
            if following.since + OVERLAP_SECONDS < now:
                (self.place / f"{old.kid}{_SUFFIX}").unlink(missing_ok=True)
                del self._keys[old.kid]
        return self._keys[kid]

    def _look(self) -> None:
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._read()

    def _read(self) -> None:
        found = {}
        for file in self.place.glob(f"*{_SUFFIX}"):
            if file.stat().st_mode & 0o077:
                raise KeyFolderOpen(f"{file} must be readable by its owner alone (chmod 600)")
            key = _load(file.read_bytes())
            found[key.kid] = key
        self._keys, self._looked = found, time.monotonic()


def _load(body: bytes) -> SigningKey:
    data = orjson.loads(body)
    key = ECKey.import_key({name: data[name] for name in ("kty", "crv", "x", "y", "d")})
    public = {**key.as_dict(private=False), "kid": data["kid"], "use": "sig", "alg": "ES256"}
    assert isinstance(key.private_key, EllipticCurvePrivateKey)  # noqa: S101 - an EC key with its d
    return SigningKey(data["kid"], data["since"], key.private_key, key.private_key.public_key(), public)


def _put(file: Path, body: bytes) -> None:
    """Whole or not at all, and durable, for the owner alone."""
    temporary = file.with_name(f".{secrets.token_hex(8)}")
    number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(temporary, file)
    finally:
        temporary.unlink()


def _shared(file: Path) -> bytes:
    if not file.exists():
        with suppress(FileExistsError):
            _put(file, secrets.token_bytes(32))
    return file.read_bytes()
