"""Numbered SQL, one folder per engine: `0001_record.sql`, `0002_...`. Migrations are additive, so that the program
versions before and after can run side by side during an upgrade."""

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step and its SQL script."""

    number: int
    name: str
    script: str


def migrations(engine: str) -> tuple[Migration, ...]:
    """The steps of `engine` (sqlite, postgresql) in order."""
    folder = resources.files(__package__) / "sql" / engine
    steps = [
        Migration(int(entry.name[:4]), entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    ]
    return tuple(sorted(steps, key=lambda step: step.number))


def pending(engine: str, at: int) -> tuple[Migration, ...]:
    """The steps after number `at`. Raises ValueError when the store is newer than this program."""
    steps = migrations(engine)
    if at > steps[-1].number:
        raise ValueError(f"the store is at migration {at}, this program knows {steps[-1].number}: run the newer felles")
    return tuple(step for step in steps if step.number > at)
