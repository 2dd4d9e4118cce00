"""What an address of the worklist asks for, and the rows of a list as people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from felles.access.audit.words import thing
from felles.access.who import Who
from felles.duties.deadline import Days, due
from felles.duties.duty import Outcome
from felles.duties.escalation import Level
from felles.duties.kind import Kind, code_of, kinds
from felles.duties.listing import FAR, Box, Order, Wanted
from felles.duties.worklist import Row
from felles.record.index.value import key64
from felles.web.chart.words import N_
from felles.web.label import deadline, labels, moment, patient_labels

TITLES = {
    Box.MINE: N_("Mine"), Box.UNIT: N_("Enhetens"), Box.POOL: N_("Ikke tatt"), Box.LATE: N_("Over fristen"),
    Box.TOLD: N_("Varslet til leder"), Box.CLOSED: N_("Nylig lukket"),
}  # fmt: skip
TERMS = {"": N_("Alle frister"), "today": N_("I dag"), "week": N_("Innen 7 dager")}
ORDERS = {
    Order.DUE: N_("Frist, tidligste først"), Order.DUE_LAST: N_("Frist, seneste først"),
    Order.OPENED: N_("Eldste først"), Order.OPENED_LAST: N_("Nyeste først"),
}  # fmt: skip
LEVELS = {
    Level.OWNER: "", Level.SUBSTITUTE: N_("Stedfortreder varslet"), Level.LEADER: N_("Leder varslet"),
    Level.REGION: N_("Regionen varslet"),
}  # fmt: skip
OUTCOMES = {
    Outcome.NONE: "", Outcome.PROVED: N_("Lukket av beviset"), Outcome.OK: N_("Utført"),
    Outcome.NOT_OK: N_("Ikke som det skulle"), Outcome.NEEDLESS: N_("Ikke lenger aktuell"),
}  # fmt: skip


def number_in(text: str) -> int:
    """The number of a duty from an address. Raises HTTPException 404."""
    if not (0 < len(text) <= 16 and all(letter in "0123456789abcdef" for letter in text)):
        raise HTTPException(404)
    return int(text, 16)


@dataclass(frozen=True, slots=True)
class Asked:
    """An address of the list: names as they stand in it. `unit` is an id, empty for all of one's units."""

    box: Box = Box.UNIT
    unit: str = ""
    kind: str = ""
    due: str = ""
    order: Order = Order.DUE
    after: tuple[int, int] | None = None

    def query(self, **changes: str) -> str:
        """The same question with some parts changed, as the query of an address."""
        pairs = {
            "box": self.box.value,
            "unit": self.unit,
            "kind": self.kind,
            "due": self.due,
            "order": self.order.value,
        }
        return urlencode({name: value for name, value in {**pairs, **changes}.items() if value})

    @property
    def place(self) -> str:
        """Where the page begins, as it stands in an address."""
        return "{}.{}".format(*self.after) if self.after else ""

    @property
    def narrowed(self) -> bool:
        return bool(self.kind or self.due)


def asked(values: Mapping[str, str], units: Sequence[str]) -> Asked:
    """The question of an address or a form. Raises HTTPException 404 for what is none."""
    own = units[0].partition("/")[2] if units else ""
    unit, kind, term = values.get("unit", own), values.get("kind", ""), values.get("due", "")
    known = {one.code for one in kinds()} | {""}
    if (unit != "all" and f"Organization/{unit}" not in units) or kind not in known or term not in TERMS:
        raise HTTPException(404)
    try:
        box, order = Box(values.get("box", Box.UNIT)), Order(values.get("order", Order.DUE))
        place, _, number = values.get("after", "").partition(".")
        after = (int(place), int(number)) if place else None
    except ValueError:
        raise HTTPException(404) from None
    if after is not None and not all(-FAR <= one <= FAR * 2 - 1 for one in after):
        raise HTTPException(404)
    return Asked(box, unit, kind, term, order, after)


def wanted(question: Asked, who: Who, units: Sequence[str], now: int) -> Wanted:
    """The question as the ledger takes it."""
    places = units if question.unit == "all" else [f"Organization/{question.unit}"]
    number = next((one.number for one in kinds() if one.code == question.kind), 0)
    until = {"today": due(Days(0), now), "week": due(Days(7), now)}.get(question.due, FAR)
    return Wanted(
        question.box, now, frozenset(map(key64, places)), key64(who.id), number, until, question.order
    )  # fmt: skip


def plain(question: Wanted, box: Box) -> Wanted:
    """A list without what narrows it, for its count."""
    return replace(question, box=box, kind=0, until=FAR)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as people read it. `patient` and `subject` are empty where they are not for the reader.
    `place`: where what it is about is worked with."""

    number: str
    field: str
    turn: int
    kind: str
    title: str
    subject: str
    patient: str
    href: str
    unit: str
    person: str
    due: str
    late: bool
    level: str
    opened: str
    outcome: str
    closed: str
    shown: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Of everything that some rows point to."""

    places: Mapping[str, str] = field(default_factory=dict)
    patients: Mapping[str, str] = field(default_factory=dict)


async def names_of(request: Request, rows: Sequence[Row]) -> Names:
    people = await patient_labels(request, (row.patient for row in rows if row.shown))
    return Names(await labels(request, (one for row in rows for one in (row.unit, row.person, staff_in(row)))), people)


def staff_in(row: Row) -> str | None:
    """The subject where it is somebody at work."""
    return row.subject if row.subject and row.subject.startswith("Practitioner/") else None


def title_of(number: int) -> str:
    """The kind of a duty in words; its number where this program does not know it."""
    found: dict[int, Kind] = {one.number: one for one in kinds()}
    return found[number].title if number in found else code_of(number)


def shown(row: Row, names: Names, now: int) -> Shown:
    """One row, its names at hand."""
    one = row.duty
    patient = names.patients.get(row.patient or "", "")
    subject = names.places.get(staff_in(row) or "", "") or (thing(row.subject.partition("/")[0]) if row.subject else "")
    subject = N_("henvisning") if place_of(row).startswith("/referrals") else subject
    return Shown(
        f"{one.id:x}", f"d{one.id:x}", one.turn, code_of(one.kind), title_of(one.kind), subject, patient,
        _record(row) if patient else "", names.places.get(row.unit or "", ""),
        names.places.get(row.person or "", ""), deadline(one.due), one.open and one.due <= now,
        LEVELS[Level(one.level)] if one.open else "", moment(one.opened), OUTCOMES[Outcome(one.outcome)],
        "" if one.open else moment(one.moment), row.shown, place_of(row),
    )  # fmt: skip


CLERICAL, CLINICAL = range(100, 200), range(300, 400)
"""Kinds of duties about referrals and contacts, and about what clinicians read."""
PAGES = {"EpisodeOfCare": "/referrals", "Encounter": "/coding"}
"""Where they are worked with."""
READ = {
    "DiagnosticReport": "results#r-", "ServiceRequest": "orders#o-",
    "MedicationRequest": "medicines/prescription?line=",
}  # fmt: skip
"""Where in the patient's record what clinicians read stands."""


def _record(row: Row) -> str:
    """Where the patient's record is opened: at what the duty is about, where that is a part of it."""
    place = place_of(row)
    return place if place.startswith("/patient/") else f"/patient/{(row.patient or '').partition('/')[2]}"


def place_of(row: Row) -> str:
    """Where what a duty is about is worked with; empty where it has no page, or is not for the reader."""
    name, _, id = (row.subject or "").partition("/")
    if row.shown and row.patient and row.duty.kind in CLINICAL and name in READ:
        return f"/patient/{row.patient.partition('/')[2]}/{READ[name]}{id}"
    if not row.shown or row.duty.kind not in CLERICAL:
        return ""
    return f"{PAGES[name]}/{id}" if name in PAGES else ""


async def lines(request: Request, rows: Sequence[Row], now: int) -> list[Shown]:
    """Rows as people read them."""
    names = await names_of(request, rows)
    return [shown(row, names, now) for row in rows]
