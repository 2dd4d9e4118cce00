"""Finding a patient: what somebody typed becomes search parameters, and patients become rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from felles.web.chart.banner import SEXES, address_line
from felles.web.chart.identifier import national_identifier
from felles.web.chart.moment import Age, Moment, age, parse_moment
from felles.web.chart.text import Resource, listed_name

SHOWN = 20
_DATE = re.compile(r"^(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{4}|\d{2})$")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_NUMBER_GAP = re.compile(r"(?<!\S)(\d{6})\s+(\d{5})(?!\S)")
# Synthetic numbers (month +80, Skatteetaten) and D-numbers (day +40) begin with a birth date in disguise
_MONTH_SHIFTS, _DAY_SHIFTS = (0, 40, 65, 80), (0, 40)


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of the answer."""

    id: str
    name: str
    born: Moment | None
    age: Age | None
    sex: str
    identifier_kind: str
    identifier: str
    address: str
    deceased: bool


def _valid(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _centuries(year: int, today: date) -> list[int]:
    return [y for y in (1900 + year, 2000 + year) if y <= today.year]


def _dates(day: int, month: int, year: str, today: date) -> list[str]:
    years = [int(year)] if len(year) == 4 else _centuries(int(year), today)
    return [found for y in years if (found := _valid(y, month, day))]


def _six_digits(word: str, today: date) -> list[str]:
    day, month = int(word[:2]), int(word[2:4])
    plain_days = [day - shift for shift in _DAY_SHIFTS if 1 <= day - shift <= 31]
    plain_months = [month - shift for shift in _MONTH_SHIFTS if 1 <= month - shift <= 12]
    return [found for d in plain_days for m in plain_months for found in _dates(d, m, word[4:], today)]


def _birth_dates(word: str, today: date) -> list[str]:
    if match := _DATE.match(word):
        return _dates(int(match[1]), int(match[2]), match[3], today)
    if _ISO.match(word):
        return [word]
    if not word.isdigit():
        return []
    if len(word) == 8:
        return _dates(int(word[:2]), int(word[2:4]), word[4:], today)
    if len(word) == 6:
        return _six_digits(word, today)
    return [word] if len(word) == 4 and 1900 <= int(word) <= today.year else []


def _parameter(word: str, today: date) -> tuple[str, str] | None:
    if dates := _birth_dates(word, today):
        return "birthdate", ",".join(dates)
    if any(character.isdigit() for character in word):
        return "identifier", word
    return ("name", word) if len(word) > 1 else None


def _escaped(word: str) -> str:
    """FHIR R4 §3.1.1.4.0.1: `\\ $ , |` are escaped in values."""
    return re.sub(r"([\\$,|])", r"\\\1", word)


def intent(text: str, today: date) -> list[tuple[str, str]]:
    """Search parameters of `kari 14.03.1962`, `140362 12345`, `140362`, `Nordmann, Kari`; none when too little."""
    joined = _NUMBER_GAP.sub(r"\1\2", text.strip())
    words = [word for word in re.split(r"[\s,]+", joined) if word][:6]
    return [found for word in words if (found := _parameter(_escaped(word), today))]


def hit(patient: Resource, today: date) -> Hit:
    """One patient as a row."""
    born, died = parse_moment(patient.get("birthDate")), parse_moment(patient.get("deceasedDateTime"))
    kind, number = national_identifier(patient)
    return Hit(
        id=patient["id"],
        name=listed_name(patient),
        born=born,
        age=age(born.date, died.date if died else today) if born else None,
        sex=SEXES.get(patient.get("gender", "unknown"), SEXES["unknown"]),
        identifier_kind=kind,
        identifier=number,
        address=address_line(patient),
        deceased=bool(died or patient.get("deceasedBoolean")),
    )


def hits(patients: Iterable[Resource], today: date) -> list[Hit]:
    """By name, then age."""
    rows = [hit(patient, today) for patient in patients if patient.get("active", True)]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.born.machine if row.born else ""))
