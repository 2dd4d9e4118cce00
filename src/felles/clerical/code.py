"""The code tables of clerical work, as dated data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from felles.record.outcome import problem


@dataclass(frozen=True, slots=True)
class Code:
    """One row. `patient`: the patient's own cause (of a postponement); `young`: the under-23 rule holds there."""

    system: str
    code: str
    nb: str
    nn: str
    since: date
    until: date | None = None
    patient: bool = False
    young: bool = False

    def holds(self, day: date) -> bool:
        """Whether it may be used on a day."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def coding(self) -> dict[str, str]:
        """As FHIR Coding."""
        return {"system": self.system, "code": self.code, "display": self.nb}


@cache
def tables() -> Mapping[str, Mapping[str, Code]]:
    """Table → code → row: `end` (8445), `postponement` (8446), `outcome`, `care`, `field`."""
    read = tomllib.loads((resources.files(__package__) / "data" / "codes.toml").read_text("utf-8"))
    return {
        one["name"]: {row["code"]: Code(one["system"], **row) for row in one["rows"]} for one in read["table"]
    }  # fmt: skip


def code(table: str, value: str, day: date, expression: str) -> Code:
    """A code that holds on a day. Raises Problem 422 that names those that do."""
    found = tables()[table].get(value)
    if found is None or not found.holds(day):
        known = ", ".join(f"{one.code} {one.nb}" for one in tables()[table].values() if one.holds(day))
        raise problem(422, "code-invalid", f"{value!r} is not among: {known}", expression)
    return found
