"""The chain: each row's hash covers the row and, through the hash before it, all rows before it.

h(0) is 32 zero bytes; h(i) = SHA-256(h(i-1) || row i), the row as its bytes are kept.
"""

from collections.abc import Iterable
from hashlib import sha256

START = bytes(32)


def link(before: bytes, row: bytes) -> bytes:
    """The hash of a row that follows the one with hash `before`."""
    return sha256(before + row).digest()


def linked(before: bytes, rows: Iterable[bytes]) -> list[bytes]:
    """The hashes of rows that follow each other."""
    hashes = []
    for one in rows:
        before = sha256(before + one).digest()
        hashes.append(before)
    return hashes
