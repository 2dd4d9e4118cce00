"""A seal: the signed statement that the rows `first` to `last` of the log end in `root`."""

import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from felles.access.audit.key import is_signed, public_bytes

_MESSAGE = struct.Struct(">16sQQQQ32s")
_KIND = b"felles seal 1"


@dataclass(frozen=True, slots=True)
class Seal:
    """`number` counts from 1; `root` is the chain's hash at row `last`; `moment` in microseconds; `key` who signed."""

    number: int
    first: int
    last: int
    moment: int
    root: bytes
    key: bytes
    signature: bytes

    @property
    def holds(self) -> bool:
        """Whether the signature is of these values."""
        return is_signed(self.key, self.signature, message(self.number, self.first, self.last, self.moment, self.root))


def message(number: int, first: int, last: int, moment: int, root: bytes) -> bytes:
    """What is signed."""
    return _MESSAGE.pack(_KIND, number, first, last, moment, root)


def sealed(key: Ed25519PrivateKey, number: int, first: int, last: int, moment: int, root: bytes) -> Seal:
    """A new seal."""
    return Seal(
        number, first, last, moment, root, public_bytes(key), key.sign(message(number, first, last, moment, root))
    )
