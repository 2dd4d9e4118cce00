"""The rules that keep every referral on a list: whoever writes one, by whatever door, it has a period and somebody who
owes its next step, in the same transaction.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from felles.access.age import NORWAY as ZONE
from felles.clerical import clock, promise
from felles.clerical.period import OPEN, Period, Status, is_period, of, resource
from felles.clerical.promise import BOOK, BREACH, promised
from felles.clerical.statement import put
from felles.duties import HandOn, Kind, Level, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Said, moment_of
from felles.duties.kind import View
from felles.duties.reading import Reading
from felles.record.index.value import key64
from felles.record.outcome import Issue, Problem, problem
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Origin

REFERRAL = frozenset((("urn:felles:category", "referral"), ("http://snomed.info/sct", "3457005")))
"""ServiceRequest.category of a referral: the house's own, or SNOMED CT's patient referral."""
Json = dict[str, Any]
_LEADER = (Step(Level.LEADER, WorkingDays(1)), Step(Level.REGION, WorkingDays(5)))

ASSESS = declare(
    Kind(
        100, "assess-referral", "Vurder henvisningen", clock.ASSESS, _LEADER, proof="Vurderingen", by_hand=False,
        view=View.SOON,
    )
)  # fmt: skip
IDENTIFY = declare(
    Kind(
        102, "identify-referred", "Avklar hvem henvisningen gjelder", WorkingDays(2), _LEADER,
        proof="Et nummer på pasienten, eller at journalene er slått sammen", view=View.SOON,
    )
)  # fmt: skip
NATIONAL = frozenset(("urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.2"))
"""Fødselsnummer and D-nummer."""


def is_referral(request: Json | None) -> bool:
    """Whether a ServiceRequest is a referral that is in force."""
    if request is None or request.get("status") not in ("active", "on-hold") or request.get("intent") != "order":
        return False
    codings = (coding for one in request.get("category") or () for coding in one.get("coding") or ())
    return any((one.get("system"), one.get("code")) in REFERRAL for one in codings)


def period_id(referral: str) -> str:
    """The id of the period that a referral's first receipt opens: the same however often it is told."""
    return "rp-" + hashlib.blake2b(referral.encode(), digest_size=16).hexdigest()


async def _receive(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """A referral that comes into force opens a period at the unit it is addressed to."""
    if woken.origin is Origin.IMPORT or not is_referral(woken.after) or is_referral(woken.before):
        return []
    if woken.origin is Origin.DEMO and "occurrencePeriod" in (woken.after or {}):
        return []  # made up as assessed already, with its period
    assert woken.after is not None  # noqa: S101 - is_referral
    referral = f"ServiceRequest/{woken.id}"
    if await inside.ask("waiting of referral", [key64(referral)]):
        return []
    told = await _told(inside, woken.after, referral)
    if told is not None:
        return await _identity(inside, told.patient, told) if told.status is Status.RECEIVED else []
    unit = await addressed(inside, woken.after)
    patient = str((woken.after.get("subject") or {}).get("reference"))
    today = NORWAY.day(moment_of(woken))
    day = min(_day(woken.after.get("authoredOn")) or today, today) if woken.origin is Origin.DEMO else today
    made = Period(period_id(referral), patient, unit, (referral,), Status.RECEIVED, day, day)
    return [Put(resource(made)), *await _identity(inside, patient, made)]


async def _told(inside: Inside, request: Json, referral: str) -> Period | None:
    """The period in the same transaction that is this referral's already (it wakes its own rule later)."""
    patient = str((request.get("subject") or {}).get("reference"))
    found = await inside.search("EpisodeOfCare", [("patient", patient)]) if patient else []
    own = [one for one in found if {"reference": referral} in map(_bare, one.get("referralRequest") or ())]
    return _period(own[0], "EpisodeOfCare") if own and is_period(own[0]) else None


def _bare(reference: Json) -> Json:
    return {"reference": reference.get("reference")}


def _day(text: str | None) -> date | None:
    if not text:
        return None
    return datetime.fromisoformat(text).astimezone(ZONE).date() if "T" in text else date.fromisoformat(text[:10])


async def addressed(inside: Reading, request: Json) -> str:
    """The unit that a referral is for; of a closed unit the one above it. Raises Problem 422, told to whoever refers:
    what no unit takes is no silent queue."""
    for one in request.get("performer") or ():
        target = str(one.get("reference", ""))
        if target.startswith("HealthcareService/"):
            service = await inside.read("HealthcareService", target.partition("/")[2])
            target = str(((service or {}).get("providedBy") or {}).get("reference", ""))
        found = await _standing(inside, target) if target.startswith("Organization/") else ""
        if found:
            return found
    raise problem(
        422, "business-rule", "no unit takes this referral: name one that stands", "ServiceRequest.performer"
    )  # fmt: skip


async def _standing(inside: Reading, unit: str) -> str:
    seen: list[str] = []
    while unit and unit not in seen:
        found = await inside.read("Organization", unit.partition("/")[2])
        if found is None:
            return ""
        if found.get("active") is not False:
            return unit
        seen.append(unit)
        unit = str((found.get("partOf") or {}).get("reference", ""))
    return ""


async def _identity(inside: Inside, patient: str, made: Period) -> list[Said]:
    """A patient without a national number, or with two of a kind, is somebody's to find out about."""
    found = await inside.read("Patient", patient.partition("/")[2]) or {}
    national = _national(found)
    if len(national) == 1:
        return []
    why = "flere fødselsnumre" if national else "mangler fødselsnummer"
    return [Owe(IDENTIFY, f"EpisodeOfCare/{made.id}", made.unit, patient=patient, reason=why)]


def _national(patient: Json) -> list[str]:
    """The national numbers in use."""
    used = [one for one in patient.get("identifier") or () if one.get("use") != "old"]
    return [str(one.get("value")) for one in used if one.get("system") in NATIONAL]


async def _follow(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    before, after = (_period(one, "EpisodeOfCare") if is_period(one) else None for one in (woken.before, woken.after))
    if before is not None and after is None:
        raise problem(409, "business-rule", "a referral period is ended, not deleted", "EpisodeOfCare.status")
    if after is None:
        return []
    person = await inside.read("Patient", after.patient.partition("/")[2]) or {}
    refuse(before, after, NORWAY.day(moment_of(woken)), person.get("birthDate"))
    await inside.ask("duty lock", [key64(f"EpisodeOfCare/{after.id}")])
    owed = [] if woken.origin is Origin.IMPORT else [*_owed(before, after), *await promised(inside, before, after)]
    if before is not None and before.patient != after.patient:
        await _travels(inside, after)
        subject, proof = f"EpisodeOfCare/{after.id}", before.patient
        owed += _identified(person, subject) or [Reopen(IDENTIFY, subject, proof)]
    return [*owed, *put(after)]


async def _travels(inside: Inside, after: Period) -> None:
    """Raises Problem 422 for a period that gets another patient than its referrals: a merge, its undo, and facts that
    are moved take all of them along."""
    for one in after.referrals:
        found = await inside.read("ServiceRequest", one.partition("/")[2])
        if found is not None and (found.get("subject") or {}).get("reference") != after.patient:
            raise problem(422, "business-rule", "a period is moved together with its referral", "EpisodeOfCare.patient")


def _identified(person: Json, subject: str) -> list[Said | Deed]:
    return [Settle(IDENTIFY, subject, f"Patient/{person['id']}")] if len(_national(person)) == 1 else []


async def _known(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """A patient who gets the one national number is no longer somebody's to find out about."""
    if woken.before is None or woken.after is None or _national(woken.before) == _national(woken.after):
        return []
    found = await inside.search("EpisodeOfCare", [("patient", f"Patient/{woken.id}")])
    subjects = [f"EpisodeOfCare/{one['id']}" for one in found if is_period(one)]
    return [deed for subject in subjects for deed in _identified(woken.after, subject)]


def _period(episode: Json | None, name: str) -> Period:
    try:
        return of(episode or {})
    except ValueError as error:
        raise problem(422, "invalid", str(error), f"{name}.extension") from error


def refuse(before: Period | None, after: Period, today: date, born: str | None) -> None:
    """Raises Problem 422 with every fault of a version."""
    found = [
        Issue("business-rule", words, f"EpisodeOfCare.extension.{element}")
        for element, words in clock.faults(before, after, today, born)
    ]
    if found:
        raise Problem(422, tuple(found))


def _owed(before: Period | None, after: Period) -> list[Said | Deed]:
    """The duties that a version of a period opens, hands on and closes."""
    subject = f"EpisodeOfCare/{after.id}"
    found: list[Said | Deed] = []
    if before is not None and before.status is not after.status and before.status in OPEN:
        done = [ASSESS] if before.status is Status.RECEIVED else [BOOK, BREACH]
        done += [] if after.status in OPEN else [IDENTIFY]
        found += [Settle(kind, subject, subject) for kind in done]
    if before is not None and before.unit != after.unit:
        kinds = (ASSESS, BOOK, BREACH, IDENTIFY)
        found += [HandOn(kind, subject, after.unit, reason=after.reason or None) for kind in kinds]
    if after.status is Status.RECEIVED and (before is None or before.status is not after.status):
        began, until = NORWAY.moment(after.seniority), clock.assessed_by(after.seniority)
        found += [Owe(ASSESS, subject, after.unit, patient=after.patient, opened=began, due=until)]
    return found


RULES = (
    Rule("a referral has a period", frozenset({"ServiceRequest"}), owing(_receive), imports=True),
    Rule("a period is on a list and owed", frozenset({"EpisodeOfCare"}), owing(_follow), imports=True),
    Rule("a patient has one number", frozenset({"Patient"}), owing(_known)),
    promise.RULE,
)
