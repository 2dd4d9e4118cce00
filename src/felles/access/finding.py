"""Finding a patient whom one has nothing to do with yet: a right of its own, and one minimal line at the most.

It takes a whole official number, or the full name with the birth date. What comes back is enough to be sure of the
person, never where the person is; of several it says only that there are several. Each search is one turn of a limit
and one row of the log. (Normen faktaark 14; an identifier is no proof of a need, the reading that follows asks again.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import orjson

from felles.access import limit
from felles.access.audit import log, row
from felles.access.consent import elevated
from felles.access.decision import rights
from felles.access.who import Purpose, Who
from felles.record.identity.identifier import BIRTH_NUMBER, D_NUMBER, HELP_NUMBER, in_force
from felles.record.identity.name import names, parts, plain
from felles.record.identity.resolution import replaced_by, survivor
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.protection import protection_of
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.validation import national

Json = dict[str, Any]
MOST = 1_000
"""People of one birth date among whom the name is looked for."""
_OFFICIAL = (BIRTH_NUMBER, D_NUMBER, HELP_NUMBER)


class Outcome(StrEnum):
    """What came of a search."""

    ONE = "one"
    NONE = "none"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Line:
    """Enough to be sure: "Patient/x", name, birth date, sex, the last digits of the number, the municipality (None
    where the address is protected)."""

    patient: str
    name: str
    birth: str
    sex: str
    digits: str
    municipality: str | None
    deceased: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """`line` only of the one."""

    outcome: Outcome
    line: Line | None = None
    alarmed: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom one looks for: a number, or given and family name with the birth date."""

    number: str = ""
    name: str = ""
    birth: date | None = None


def may(who: Who) -> bool:
    """Whether somebody may look for patients at all; apps search within what is open to their user."""
    return who.acts_for is None and who.scopes is None and rights(who).finds


async def minimal(record: Record, who: Who, wanted: Wanted, now: int, *, urgent: bool = False) -> Found:
    """The one patient who is meant. `urgent`: on the way to break-glass, which no limit stops.

    Raises Problem 403 for who may not look, 422 for too little to go by, 429 for too many searches.
    """
    if not may(who):
        raise problem(403, "forbidden", "this role does not look for patients")
    asked = _question(wanted)
    alarmed = False
    if urgent:
        alarmed = await limit.take(elevated(record), limit.FIND, who.id, now) > 0
    else:
        await limit.require(elevated(record), limit.FIND, who.id, now)
    people = await _people(elevated(record), asked, wanted)
    await _log(record, who, people, asked, now)
    if len(people) != 1:
        return Found(Outcome.SEVERAL if people else Outcome.NONE, alarmed=alarmed)
    return Found(Outcome.ONE, line(people[0]), alarmed)


def _question(wanted: Wanted) -> list[tuple[str, str]]:
    number = "".join(wanted.number.split())
    if number:
        return [("identifier", ",".join(f"{system}|{number}" for system in _systems(number)))]
    words = parts(wanted.name)
    if wanted.birth is None or len(words) < 2 or any(len(word) < 2 for word in words):
        raise problem(422, "required", "give a whole number, or given name, family name and birth date")
    return [("birthdate", wanted.birth.isoformat())]


def _systems(number: str) -> Sequence[str]:
    """The kinds of official number that this may be. Raises Problem 422 for none."""
    if national.is_birth_number(number):
        return (BIRTH_NUMBER,)
    if national.is_d_number(number):
        return (D_NUMBER,)
    if national.is_help_number(number):
        return (HELP_NUMBER,)
    raise problem(422, "value", "this is no whole fødselsnummer, D-number or help number")


async def _people(record: Record, asked: list[tuple[str, str]], wanted: Wanted) -> list[Json]:
    found = await record.search("Patient", [*asked, ("_count", str(MOST))])
    alive: dict[str, Stored] = {}
    for one in found.matches:
        person = orjson.loads(one.body or b"{}")
        if not wanted.number and not _bears(person, wanted.name):
            continue
        newest = await survivor(record, one) if replaced_by(person) else one
        alive[newest.id] = newest
    return [one for one in (orjson.loads(stored.body or b"{}") for stored in alive.values()) if _stands(one)]


def _stands(person: Json) -> bool:
    """The dead are found, records that are struck out are not."""
    return person.get("active") is not False or "deceasedDateTime" in person or person.get("deceasedBoolean") is True


def _bears(person: Json, name: str) -> bool:
    """Whether all the words of a name are among the person's, the last one in the family name."""
    asked = [plain(word) for word in parts(name)]
    for given, family in names(person):
        first, last = {plain(word) for word in given}, {plain(word) for word in family}
        if asked[-1] in last and set(asked[:-1]) <= first | last and not first.isdisjoint(asked[:-1]):
            return True
    return False


def line(person: Json) -> Line:
    """What is shown of somebody: never an address."""
    name = sorted(person.get("name") or [{}], key=lambda one: one.get("use") != "official")[0]
    words = [*(name.get("given") or ()), name.get("family") or ""]
    return Line(
        f"Patient/{person['id']}",
        str(name.get("text") or " ".join(words)).strip(),
        str(person.get("birthDate", "")),
        str(person.get("gender", "unknown")),
        _digits(person),
        _municipality(person),
        "deceasedDateTime" in person or person.get("deceasedBoolean") is True,
    )


def _digits(person: Json) -> str:
    numbers = in_force(person.get("identifier") or (), _OFFICIAL)
    return next((sorted(numbers[system])[0][-2:] for system in _OFFICIAL if system in numbers), "")


def _municipality(person: Json) -> str | None:
    if protection_of(person):
        return None
    homes = [one for one in person.get("address") or () if one.get("use", "home") == "home"]
    return next((str(one["district"]) for one in homes if one.get("district")), None)


async def _log(record: Record, who: Who, people: Sequence[Json], asked: list[tuple[str, str]], now: int) -> None:
    """One row for the search: the patient whom it showed, if it showed one."""
    if record.guard.everything:
        return
    shown = [people[0]["id"]] if len(people) == 1 else []
    what = row.What("Patient", shown, len(shown), [name for name, _ in asked])
    ground = "emergency" if who.purpose is Purpose.EMERGENCY else "finding"
    patients = [key64(f"Patient/{id}") for id in shown]
    made = row.row(now, who, row.Act.FIND, patients=patients, what=what, why=row.Why(ground, purpose=who.purpose))
    await elevated(record).commit((), lines=log.lines(made))
