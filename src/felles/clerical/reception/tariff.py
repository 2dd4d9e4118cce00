"""What patients pay and who does not, as dated data (egenandelsforskriften; blåreseptforskriften is not here). Pure.

The age that counts is that of the day on which the service was given; so is the rate.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from felles.access.age import births, turns
from felles.duties.calendar import NORWAY

OUTPATIENT, NO_SHOW = "outpatient", "no-show"
HOURS = 24
"""A time that is called off so many hours before, or was given later than that, costs nothing when it is missed."""
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount in kroner from a day on. `assumed`: nobody has confirmed it."""

    since: date
    amount: int
    source: str

    @property
    def assumed(self) -> bool:
        return self.source == ASSUMED


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why somebody does not pay. `age` 0: the reception says so."""

    code: str
    nb: str
    nn: str
    age: int = 0
    fields: Sequence[str] = ()


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "data" / "fees.toml").read_text("utf-8"))


@cache
def exemptions() -> Mapping[str, Exemption]:
    """Code → exemption."""
    return {one["code"]: Exemption(**one) for one in _tables()["exemption"]}


def words(fee: str, language: str = "nb") -> str:
    """The name of a fee."""
    row = next(one for one in _tables()["fee"] if one["code"] == fee)
    return str(row["nn"] if language == "nn" else row["nb"])


def rate(fee: str, day: date) -> Rate:
    """What a fee is on a day. Raises LookupError for a day before the tables begin."""
    row = next(one for one in _tables()["fee"] if one["code"] == fee)
    return _held(row["rates"], day)


def ceiling(year: int) -> Rate:
    """What one pays at the most in a calendar year. Raises LookupError for a year before the tables begin."""
    return _held(_tables()["ceiling"][0]["rates"], date(year, 12, 31))


def _held(rows: Sequence[Mapping[str, Any]], day: date) -> Rate:
    held = [Rate(**one) for one in rows if one["since"] <= day]
    if not held:
        raise LookupError(f"no rate is known on {day}")
    return max(held, key=lambda one: one.since)


def exempt(born: str | None, day: date, field: str = "") -> Exemption | None:
    """The exemption that somebody has by age on a day; None for who pays. A day of birth that is not known whole counts
    as the latest it may be."""
    span = births(born)
    if span is None:
        return None
    young = [one for one in exemptions().values() if one.age and (not one.fields or field in one.fields)]
    return next((one for one in young if NORWAY.moment(day) < turns(span[1], one.age)), None)


def missed_costs(given: int | None, start: int) -> bool:
    """Whether a time that nobody came to costs anything: not one that was given within 24 hours before it."""
    return given is None or start - given >= HOURS * 3_600_000_000
