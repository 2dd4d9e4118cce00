"""Giving and ending roles: one act of a named person with a reason, in force with the next reading in every process.

The role is a PractitionerRole (https://hl7.org/fhir/R4/practitionerrole.html); who gave it and why is the Provenance
of that version, in the same transaction (pasientjournalforskriften § 13). What somebody who leaves owed is handed on
there too, by the ledger's own rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from felles.access.age import NORWAY
from felles.access.authority import Authority, No, Refusal
from felles.access.consent import created, elevated, instant
from felles.access.house import current
from felles.access.role import PROFESSION, Employment, employment
from felles.access.title import PROFESSIONS, UNAUTHORISED, system, title
from felles.access.unit import Tree
from felles.access.who import Who
from felles.record import definition
from felles.record.condition import criterion
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.prepare import prepare, receive
from felles.record.reading import Stored
from felles.record.record import Changed, Record
from felles.record.store import Kind, Write

LEAST_WORDS = 10
"""Letters of the text that says why."""
MOST_WORDS = 500
TRIES = 3
OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
Json = dict[str, Any]
_ROLES = (
    "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "
    "WHERE x.target = $1 AND r.type = $2 AND r.deleted = 0"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """`person` "Practitioner/x" is to work as `code` at `unit` "Organization/y", from one day to another, both
    counted (`last` None: until further notice), because of `reason`."""

    person: str
    unit: str
    code: str
    first: date
    last: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Office:
    """Who gives and ends roles: `who`, with which authority, in which house; `record` is bound to them."""

    record: Record
    who: Who
    authority: Authority
    tree: Tree

    def require(self, person: str, code: str, unit: str) -> None:
        """Raises Refusal for a role of this code, person and unit that is not theirs to change."""
        if person == self.who.id:
            raise Refusal(No.SELF)
        if no := self.authority.refuses(code, unit):
            raise Refusal(no)


async def give(office: Office, wanted: Grant, now: int) -> str:
    """Gives a role. Returns "PractitionerRole/z". Raises Refusal."""
    office.require(wanted.person, wanted.code, wanted.unit)
    reason = _said(wanted.reason)
    if wanted.code not in office.authority.offered(wanted.unit):
        raise Refusal(No.CODE)
    if not office.tree.stands(wanted.unit):
        raise Refusal(No.CLOSED)
    _in_order(wanted, _today(now))
    id, role = created(_role(wanted, now))
    _, told = created(_provenance(office.who, f"PractitionerRole/{id}", 1, "CREATE", reason, now))
    await _given(office, wanted, [role, told])
    return f"PractitionerRole/{id}"


async def _given(office: Office, wanted: Grant, writes: Sequence[Write]) -> None:
    """Commits what still fits: whoever gives the same at the same moment comes first or second, and is told so."""
    over = elevated(office.record)
    asked = [
        ("practitioner", wanted.person), ("organization", wanted.unit), ("role", f"{system(wanted.code)}|{wanted.code}")
    ]  # fmt: skip
    for _ in range(TRIES):
        found = await over.matching("PractitionerRole", asked)
        await _fitting(office, wanted)
        try:
            await over.commit(writes, criteria=[criterion("PractitionerRole", found)])
        except Changed:
            continue
        return
    raise Refusal(No.CHANGED)


async def end(office: Office, role: str, number: int, last: date | None, reason: str, now: int) -> None:
    """Ends a role ("PractitionerRole/z" in version `number`) with the day `last`, or now (None). Raises Refusal."""
    await _end(office, [(role, number)], last, reason, now)


async def leave(office: Office, person: str, reason: str, now: int) -> int:
    """Ends every role of somebody that this authority reaches, now and in one act: the employment is over. Returns how
    many. Raises Refusal where one of them is for others to end, and ends none then."""
    roles = [one.role for one in await held(office.record, person) if one.active and not _over(one, now)]
    mine = [one for one in roles if office.authority.sees(one.unit)]
    if not mine:
        raise Refusal(No.ENDED)
    await _end(office, [(one.id, 0) for one in mine], None, reason, now)
    return len(mine)


async def held(record: Record, person: str) -> list[Employment]:
    """The roles of "Practitioner/x" as they stand, ended ones too."""
    rows = await record.store.reading.rows(_ROLES, (key64(person), definition.type_number("PractitionerRole")))
    found = [employment(orjson.loads(body)) for (body,) in rows]
    return [one for one in found if one is not None and one.practitioner == person]


async def _end(office: Office, roles: Sequence[tuple[str, int]], last: date | None, reason: str, now: int) -> None:
    said, writes = _said(reason), []
    for role, number in roles:
        stored = await _stored(office, role)
        if number and stored.number != number:
            raise Refusal(No.CHANGED)
        writes += _ending(office, stored, last, said, now)
    try:
        await elevated(office.record).commit(writes)
    except Problem as error:
        if error.status == 412:
            raise Refusal(No.CHANGED) from error
        raise


async def _stored(office: Office, role: str) -> Stored:
    type_name, _, id = role.partition("/")
    if type_name != "PractitionerRole":
        raise Refusal(No.ENDED)
    try:
        return await elevated(office.record).read(type_name, id)
    except Problem as error:
        raise Refusal(No.ENDED) from error


def _ending(office: Office, stored: Stored, last: date | None, reason: str, now: int) -> list[Write]:
    resource: Json = orjson.loads(stored.body or b"{}")
    one = employment(resource)
    if one is None:
        raise Refusal(No.ENDED)
    office.require(one.practitioner, one.role.code, one.role.unit)
    if not one.active or _over(one, now):
        raise Refusal(No.ENDED)
    if last is not None and last < _today(now):
        raise Refusal(No.PAST)
    start = one.role.start or 0
    if last is not None and _midnight(last + timedelta(days=1)) <= start:
        raise Refusal(No.ORDER)
    ended = _ended(resource, last, start <= now, now)
    write = prepare(receive(orjson.dumps(ended), resource=ended), str(resource["id"]), Kind.UPDATE, stored.number)
    _, told = created(_provenance(office.who, one.role.id, stored.number + 1, "UPDATE", reason, now))
    return [write, told]


def _over(one: Employment, now: int) -> bool:
    return one.role.end is not None and one.role.end <= now


def _ended(resource: Json, last: date | None, begun: bool, now: int) -> Json:
    """The next version: until the end of a day; or not in use any more, and never begun where it had not."""
    period = dict(resource.get("period") or {})
    if last is not None:
        return {**resource, "period": {**period, "end": _evening(last)}}
    return {**resource, "active": False, **({"period": {**period, "end": instant(now)}} if begun else {})}


async def _fitting(office: Office, wanted: Grant) -> None:
    person = await current(office.record.store.reading, wanted.person)
    if person is None or person.get("active") is False or not wanted.person.startswith("Practitioner/"):
        raise Refusal(No.PERSON)
    if wanted.code in PROFESSIONS and wanted.code != UNAUTHORISED and wanted.code not in authorised(person):
        raise Refusal(No.AUTHORISATION)
    low, high = _midnight(wanted.first), _midnight(wanted.last + timedelta(days=1)) if wanted.last else None
    for one in await held(office.record, wanted.person):
        same = one.active and (one.role.unit, one.role.code) == (wanted.unit, wanted.code)
        if same and (one.role.end is None or one.role.end > low) and (high is None or (one.role.start or 0) < high):
            raise Refusal(No.SAME)


def authorised(person: Json) -> frozenset[str]:
    """The categories of health personnel that somebody has (helsepersonelloven § 48; Volven 9060)."""
    found = (coding for one in person.get("qualification") or () for coding in _codings(one))
    return frozenset(str(coding.get("code")) for coding in found if coding.get("system") == PROFESSION)


def _codings(qualification: Json) -> list[Json]:
    return list((qualification.get("code") or {}).get("coding") or ())


def _in_order(wanted: Grant, today: date) -> None:
    if wanted.first < today:
        raise Refusal(No.PAST)
    if wanted.last is not None and wanted.last < wanted.first:
        raise Refusal(No.ORDER)


def _said(reason: str) -> str:
    said = " ".join(reason.split())
    if not LEAST_WORDS <= len(said) <= MOST_WORDS:
        raise Refusal(No.REASON)
    return said


def _role(wanted: Grant, now: int) -> Json:
    coding = {"system": system(wanted.code), "code": wanted.code, "display": title(wanted.code)}
    start = instant(now) if wanted.first == _today(now) else _morning(wanted.first)
    return {
        "resourceType": "PractitionerRole",
        "active": True,
        "period": {"start": start} | ({"end": _evening(wanted.last)} if wanted.last else {}),
        "practitioner": {"reference": wanted.person},
        "organization": {"reference": wanted.unit},
        "code": [{"coding": [coding], "text": title(wanted.code)}],
    }


def _provenance(who: Who, role: str, number: int, operation: str, reason: str, now: int) -> Json:
    agent: Json = {"who": {"reference": who.id}}
    if who.role is not None:
        agent["onBehalfOf"] = {"reference": who.role.unit}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"{role}/_history/{number}"}],
        "recorded": instant(now),
        "reason": [{"text": reason}],
        "activity": {"coding": [{"system": OPERATION, "code": operation}]},
        "agent": [agent],
    }


def _today(now: int) -> date:
    return datetime.fromtimestamp(now / 1_000_000, NORWAY).date()


def _midnight(day: date) -> int:
    """The beginning of a day in Norway, in microseconds."""
    return int(datetime.combine(day, time(), NORWAY).timestamp()) * 1_000_000


def _morning(day: date) -> str:
    return instant(_midnight(day))


def _evening(day: date) -> str:
    """The last second of a day in Norway: a Period counts it (https://hl7.org/fhir/R4/datatypes.html#Period)."""
    return instant(_midnight(day + timedelta(days=1)) - 1)
