"""The information model of Norsk pasientregister as far as the extract uses it: code maps and versions, as data."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """One year's model: its number and the namespaces of its two messages."""

    number: str
    since: date
    ord: str
    ide: str


@cache
def tables() -> dict[str, Any]:
    """Everything in data/model.toml."""
    return tomllib.loads((resources.files(__package__) / "data" / "model.toml").read_text("utf-8"))


@cache
def version(day: date) -> Version:
    """The model that a day's data are reported on. Raises LookupError for a day before them all."""
    held = [Version(**one) for one in tables()["version"] if one["since"] <= day]
    if not held:
        raise LookupError(f"no model of NPR's messages holds on {day}")
    return max(held, key=lambda one: one.since)


def letter(system: str, use: str) -> str:
    """The letter of a code system that is used for `diagnosis` or `procedure`; empty for any other."""
    row = tables()["systems"].get(system, {})
    return str(row["letter"]) if row.get("use") == use else ""
