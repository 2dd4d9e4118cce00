"""Where the log keeps its files: segments, the signing key, anchors."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """`folder` is of mode 0700; `anchor` may lie anywhere outside the store."""

    folder: Path
    anchor: Path

    @property
    def key(self) -> Path:
        """The private key that signs."""
        return self.folder / "seal.key"

    @property
    def lock(self) -> Path:
        """Whoever holds it seals."""
        return self.folder / "sealer.lock"


def place_of(store: str, log: str = "", anchor: str = "") -> Place:
    """The files of the store at an address: beside an embedded one, in `var` for PostgreSQL, or where settings say."""
    region = store.startswith(("postgresql://", "postgres://"))
    folder = Path(log) if log else Path("var/felles-log") if region else Path(f"{store}-log")
    return Place(folder, Path(anchor) if anchor else folder / "anchors.jsonl")
