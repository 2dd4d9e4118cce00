"""Which Patients may be the one that is meant: brought up by identifiers, birth date, names and telephone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from felles.record import finding, reading, search
from felles.record.identity.identifier import key
from felles.record.identity.name import names
from felles.record.identity.resolution import survivor
from felles.record.identity.score import Score, compare
from felles.record.index.value import date_range
from felles.record.outcome import Problem
from felles.record.reading import Stored
from felles.record.record import Record

MOST = 400
"""Candidates that one way of asking may bring up."""
Parameters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A Patient and how likely it is the one. Of a record that was merged away, the one that replaced it."""

    patient: Stored
    score: Score


async def hits(record: Record, asked: Mapping[str, Any]) -> list[Hit]:
    """All that may be meant, the likeliest first, without those that certainly are not.

    Every candidate is compared by its body: an index row alone proves nothing.
    """
    best: dict[str, Hit] = {}
    for one in await candidates(record, asked):
        score = compare(asked, orjson.loads(one.body or b"{}"))
        if score.grade == "certainly-not":
            continue
        alive = await survivor(record, one)
        known = best.get(alive.id)
        if known is None or _rank(score) > _rank(known.score):
            best[alive.id] = Hit(alive, score)
    return sorted(best.values(), key=lambda hit: (*_rank(hit.score), hit.patient.id), reverse=True)


def _rank(score: Score) -> tuple[int, float]:
    return ("certainly-not", "possible", "probable", "certain").index(score.grade), score.value


async def candidates(record: Record, asked: Mapping[str, Any]) -> list[Stored]:
    """What the index brings up."""
    keys: dict[tuple[int, int], None] = {}
    for parameters in queries(asked):
        try:
            query = search.parse("Patient", parameters)
            keys.update(dict.fromkeys(await finding.keys(record.reader, query, MOST)))
        except Problem as error:
            if error.status not in (400, 403):
                raise
    return await reading.by_rows(record.reader, list(keys))


def queries(asked: Mapping[str, Any]) -> Iterator[Parameters]:
    """The searches to ask, each by what people seldom get wrong together."""
    for identifier in asked.get("identifier", ()):
        system, value = key(identifier)
        if value:
            yield [("identifier", f"{_escaped(system)}|{_escaped(value)}" if system else _escaped(value))]
    born = asked.get("birthDate")
    if isinstance(born, str):
        yield from _by_birth(asked, born)
    for given, family in names(asked):
        yield from _by_name(given, family)
    for point in asked.get("telecom", ()):
        if point.get("value"):
            yield [("telecom", _escaped(str(point["value"])))]


def _by_birth(asked: Mapping[str, Any], born: str) -> Iterator[Parameters]:
    yield [("birthdate", born), *(_beginning(asked, 1) if len(born) < 10 else [])]
    if len(born) == 10:
        near = [one for one in near_dates(born) if one != born]
        yield [("birthdate", ",".join(near)), *_beginning(asked, 2)]


def _by_name(given: tuple[str, ...], family: tuple[str, ...]) -> Iterator[Parameters]:
    """Both names in either order, and their beginnings; a lone name as it is."""
    if given and family:
        first, last = _escaped(given[0]), _escaped(family[-1])
        yield [("given", first), ("family", last)]
        yield [("given", last), ("family", first)]
        yield [("given", _escaped(given[0][:3])), ("family", _escaped(family[-1][:3]))]
    elif family or given:
        yield [("name", _escaped((family or given)[0]))]


def _beginning(asked: Mapping[str, Any], length: int) -> Parameters:
    """The first letters of names, to narrow down many dates: one of the parts will be spelt right there."""
    found = {word[:length] for one in names(asked) for part in one for word in part}
    return [("name", ",".join(_escaped(word) for word in sorted(found)))] if found else []


def near_dates(born: str) -> list[str]:
    """A birth date and those that it easily becomes: neighbouring digits exchanged, day and month, one digit wrong in
    day or month, the year by one or ten."""
    year, month, day = born.split("-")
    digits = year + month + day
    near = [digits, year + day + month]
    near += [digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :] for at in range(7)]
    near += [digits[:at] + other + digits[at + 1 :] for at in range(2, 8) for other in "0123456789"]
    dates = (f"{one[:4]}-{one[4:6]}-{one[6:]}" for one in near)
    return [one for one in dict.fromkeys(dates) if _is_day(one)]


def _is_day(text: str) -> bool:
    try:
        date_range(text)
    except ValueError:
        return False
    return True


def _escaped(text: str) -> str:
    """A value for a search parameter (https://hl7.org/fhir/R4/search.html#escaping)."""
    for sign in "\\,$|":
        text = text.replace(sign, f"\\{sign}")
    return text
