"""One referral as a page shows it: what came, how the clock stands, what has happened, letters and appointments."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request

from felles.access.desk import Sitting
from felles.clerical import act, clock
from felles.clerical.conservation import NATIONAL
from felles.clerical.period import Period, Status, is_period, of
from felles.duties.calendar import NORWAY
from felles.record import history
from felles.record.history import Window
from felles.record.record import Record
from felles.web.chart.banner import Banner
from felles.web.chart.moment import parse_moment
from felles.web.chart.note import Note, note_view
from felles.web.chart.place import Directory
from felles.web.chart.text import code_of, coded, first
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.label import labels
from felles.web.patient import read_banner
from felles.web.referral_history import Step, Version, steps
from felles.web.referral_letter import Letter, sent
from felles.web.source import decode, directory, patient
from felles.web.visit import visit_of

REFERRAL_TYPE = "57133-1"
"""LOINC: referral note."""
STATES = {
    Status.RECEIVED: N_("Til vurdering"), Status.WAITING: N_("Venter"), Status.ACTIVE: N_("Helsehjelpen er i gang"),
    Status.FINISHED: N_("Avsluttet"), Status.CANCELLED: N_("Avsluttet uten helsehjelp"),
}  # fmt: skip
PRIORITIES = {"urgent": N_("Haster"), "asap": N_("Haster"), "stat": N_("Straks")}
KEPT = 50
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Came:
    """What came: words of the ServiceRequest."""

    reason: str
    referrer: str
    authored: str
    priority: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the referral; `file`: its address, where it is no text."""

    note: Note
    file: str


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment of the referral."""

    id: str
    when: str
    start: str
    what: str
    who: str
    standing: bool


@dataclass(frozen=True, slots=True)
class Clock:
    """The day until which something is owed, how many days are left (working days to assess), whether it is late."""

    last: date | None = None
    left: int = 0
    late: bool = False
    waited: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """All of it. `mine`: the reader works in the unit; `latest`: the last day that the deadline may have."""

    period: Period
    banner: Banner
    person: Json
    unit: str
    came: Sequence[Came]
    papers: Sequence[Paper]
    answers: Sequence[Note]
    letters: Sequence[Letter]
    steps: Sequence[Step]
    times: Sequence[Booked]
    clock: Clock
    mine: bool
    latest: date | None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def numbered(self) -> bool:
        """Whether the patient has a national number."""
        return any(one.get("system") in NATIONAL for one in self.person.get("identifier") or ())

    @property
    def next(self) -> Booked | None:
        """The first appointment that stands."""
        return next((one for one in self.times if one.standing), None)


async def view_of(request: Request) -> View:
    """The referral of the address. Raises Problem 404 for one that is not there or not open."""
    sitting, language = sitting_of(request), visit_of(request).language
    period = await act.period(sitting.record, request.path_params["id"])
    patient_id, refs = period.patient.partition("/")[2], ",".join(period.referrals)
    ids = ",".join(one.partition("/")[2] for one in period.referrals)
    banner, person, requests, documents, appointments, versions = await asyncio.gather(
        read_banner(request, patient_id), patient(sitting.record, patient_id),
        sitting.record.resources("ServiceRequest", [("_id", ids)]),
        sitting.record.resources("DocumentReference", [("related", refs), ("_count", "50")]),
        sitting.record.resources("Appointment", [("based-on", refs), ("_sort", "date"), ("_count", "50")]),
        versions_of(sitting.record, period.id),
    )  # fmt: skip
    documents += await _supporting(sitting.record, requests, documents)
    told = steps(versions, language)
    places = await directory(sitting.record, [*requests, *documents, *appointments])
    about = [f"EpisodeOfCare/{period.id}", *(f"Appointment/{one['id']}" for one in appointments)]
    today = NORWAY.day(now_of(request))
    originals = [one for one in documents if is_original(one, requests)]
    return View(
        period, banner, person, (await labels(request, [period.unit]))[period.unit],
        [_came(one, places) for one in requests],
        [_paper(one, places, period.id) for one in originals],
        [note_view(one, places) for one in documents if one not in originals],
        await sent(sitting.record, about), told, [_booked(one, places) for one in appointments],
        clock_of(period, today), works_in(sitting, period), clock.latest(period, person.get("birthDate")),
        await labels(request, [one for step in told for one in (step.by, step.unit)]),
    )  # fmt: skip


def works_in(sitting: Sitting, period: Period) -> bool:
    """Whether somebody handles the referrals of a period's unit."""
    return sitting.who.role is not None and sitting.who.role.unit == period.unit


async def versions_of(record: Record, id: str) -> list[Version]:
    """The last versions of a period, the oldest first."""
    found = await history.of_instance(record.reader, "EpisodeOfCare", id, Window(KEPT))
    bodies = [(body, one.updated) for one in found.versions[::-1] for body in decode(_One([one]))]
    return [Version(of(body), updated) for body, updated in bodies if is_period(body)]


@dataclass(frozen=True, slots=True)
class _One:
    matches: Sequence[Any]
    included: Sequence[Any] = ()


async def _supporting(record: Record, requests: Sequence[Json], known: Sequence[Json]) -> list[Json]:
    """The documents that the referral names itself."""
    wanted = {one.get("reference", "") for request in requests for one in request.get("supportingInfo") or ()}
    wanted -= {f"DocumentReference/{one['id']}" for one in known}
    ids = [one.partition("/")[2] for one in wanted if one.startswith("DocumentReference/")]
    return await record.resources("DocumentReference", [("_id", ",".join(ids))]) if ids else []


def is_original(document: Json, requests: Sequence[Json]) -> bool:
    """Whether a document is what came, not an answer to it."""
    own = {"reference": f"DocumentReference/{document['id']}"}
    named = any(own["reference"] == one.get("reference") for r in requests for one in r.get("supportingInfo") or ())
    return named or code_of(document.get("type")) == REFERRAL_TYPE


def _came(request: Json, places: Directory) -> Came:
    words = [coded(request.get("code")), *(coded(one) for one in request.get("reasonCode") or ())]
    authored = parse_moment(request.get("authoredOn"))
    notes = tuple(str(one.get("text", "")) for one in request.get("note") or ())
    return Came(
        " · ".join(dict.fromkeys(filter(None, words))), places.name(request.get("requester")),
        authored.day if authored else "", PRIORITIES.get(str(request.get("priority")), ""), notes,
    )  # fmt: skip


def _paper(document: Json, places: Directory, period: str) -> Paper:
    found = note_view(document, places)
    return Paper(found, "" if found.sections else f"/referrals/{period}/document/{document['id']}")


def _booked(appointment: Json, places: Directory) -> Booked:
    actors = [one.get("actor") or {} for one in appointment.get("participant") or ()]
    staff = [one for one in actors if str(one.get("reference", "")).startswith("Practitioner")]
    start = parse_moment(appointment.get("start"))
    return Booked(
        str(appointment["id"]), start.text if start else "", str(appointment.get("start", "")),
        str(appointment.get("description") or coded(first(appointment.get("serviceType")))),
        places.name(first(staff)) if staff else "", appointment.get("status") in ("booked", "arrived", "pending"),
    )  # fmt: skip


def clock_of(period: Period, today: date) -> Clock:
    """How the clock of a period stands."""
    waited = period.waited(today)
    if period.status is Status.RECEIVED:
        last = clock.last_day_to_assess(period.seniority)
        return Clock(last, working_days(today, last), today > last, waited)
    if period.status is Status.WAITING and period.deadline is not None:
        return Clock(period.deadline, (period.deadline - today).days, today > period.deadline, waited)
    return Clock(waited=waited)


def working_days(today: date, last: date) -> int:
    """Working days after today until a day, that one included; none where it is past."""
    days = ((today + timedelta(days=count)) for count in range(1, max((last - today).days, 0) + 1))
    return sum(NORWAY.works_on(one) for one in days)
