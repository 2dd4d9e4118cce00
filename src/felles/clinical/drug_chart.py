"""The drug chart (kurve): what of each order is due on a day, what has been given, and what has not; and the ward's
round (medisinrunde), what is due for everybody who lies there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from felles.access.consent import instant, micros
from felles.clinical.barcode import Band, Package
from felles.clinical.dose import Dose
from felles.clinical.giving import Given, recorded
from felles.clinical.medication import CURRENT, dose_of, name_of, product_of
from felles.clinical.product import Product
from felles.clinical.reconciliation import INPATIENT
from felles.clinical.timing import EARLY, HOUR, LATE, filled, moments
from felles.duties.calendar import NORWAY
from felles.record.record import Record

MOST = 1_000
AT_ONCE = 10
"""Patients that are asked about together: all of their doses of some days fit into one answer."""
BACK = 24 * HOUR
NEVER = 2**62
Json = dict[str, Any]


class State(StrEnum):
    """How it stands with a dose. `MISSED`: nothing says whether it was given, and its time is over (a later one has
    come, or the order has ended)."""

    COMING = "coming"
    DUE = "due"
    LATE = "late"
    GIVEN = "given"
    WITHHELD = "withheld"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Planned:
    """A dose of an order at a time."""

    at: int
    state: State
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An order on a day: its doses by time, and what was given at no planned time. `dose` is None where it is words."""

    order: Json
    product: Product
    dose: Dose | None
    planned: Sequence[Planned]
    apart: Sequence[Given] = ()

    @property
    def id(self) -> str:
        return str(self.order["id"])

    @property
    def name(self) -> str:
        return name_of(self.order)

    @property
    def active(self) -> bool:
        return self.order.get("status") == "active"

    @property
    def ready(self) -> Planned | None:
        """The dose that is to be given now."""
        return next((one for one in self.planned if one.state in (State.DUE, State.LATE)), None)


def row(order: Json, done: Iterable[Given], first: int, after: int, now: int) -> Row | None:
    """An order from a moment until another; None for one that has nothing there. Pure."""
    dose, began = dose_of(order), order.get("authoredOn")
    if not began or micros(began) >= after:
        return None
    end = NEVER if order.get("status") == "active" else _ended(order)
    due = moments(dose, micros(began), first, min(after, end)) if dose is not None else []
    wide = moments(dose, micros(began), first - BACK, min(max(after, now + 1), end)) if dose is not None else []
    mine = [one for one in done if one.order == order["id"]]
    taken = filled(wide, [(one.planned, one.at) for one in mine])
    come = [one for one in wide if one <= now]
    last = come[-1] if come and end > now else None
    made = [Planned(one, _state(one, mine[taken[one]] if one in taken else None, last, now), 
                    mine[taken[one]] if one in taken else None) for one in due]  # fmt: skip
    used = {mine[place].id for place in taken.values()}
    apart = [one for one in mine if one.id not in used and first <= one.at < after and not one.withheld]
    if not made and not apart and order.get("status") not in CURRENT:
        return None
    return Row(order, product_of(order), dose, made, apart)


def _ended(order: Json) -> int:
    """When an order ended; of one that was written as ended, nobody knows: it has no times."""
    return micros(order["meta"]["lastUpdated"]) if int(order["meta"]["versionId"]) > 1 else 0


def _of_day(one: Row, first: int) -> Row:
    """Without what was over before a day began."""
    over = (State.GIVEN, State.WITHHELD, State.MISSED)
    planned = [each for each in one.planned if each.at >= first or each.state not in over]
    return replace(one, planned=planned, apart=[each for each in one.apart if each.at >= first])


def _state(at: int, given: Given | None, last: int | None, now: int) -> State:
    """`last`: the time of the order that has come last, while it stands."""
    if given is not None:
        return State.WITHHELD if given.withheld else State.GIVEN
    if now < at - EARLY:
        return State.COMING
    if at > now or (at == last and now <= at + LATE):
        return State.DUE
    return State.LATE if at == last else State.MISSED


async def chart(record: Record, patient: str, day: date, now: int) -> list[Row]:
    """A patient's ("Patient/x") orders on a day: those with times before those for cause, by name. Today has what is
    still to be given of yesterday, too."""
    first, after = NORWAY.moment(day), NORWAY.moment(day + timedelta(days=1))
    asked = [("patient", patient), ("_count", str(MOST))]
    held = await record.resources("MedicationRequest", [*asked, ("status", "active,on-hold")])
    ended = [("status", "stopped,completed"), ("_lastUpdated", f"ge{instant(first - BACK)}")]
    held += await record.resources("MedicationRequest", [*asked, *ended])
    done = await recorded(record, patient, first - BACK, after + BACK)
    back = BACK if first <= now < after else 0
    rows = [_of_day(made, first) for one in held if (made := row(one, done, first - back, after, now))]
    return sorted(rows, key=lambda one: (not one.planned, one.name.casefold(), one.id))


@dataclass(frozen=True, slots=True)
class Bed:
    """A patient of a round ("Patient/x"), and the rows of which a dose is to be given now or soon."""

    patient: str
    rows: Sequence[Row]

    @property
    def first(self) -> int:
        """When the first dose that is not given is due; the end of time without."""
        return min((one.at for each in self.rows for one in each.planned if one.given is None), default=NEVER)

    @property
    def late(self) -> int:
        return sum(one.ready is not None and one.ready.state is State.LATE for one in self.rows)


async def lies(record: Record, patient: str) -> bool:
    """Whether a patient's ("Patient/x") stay in hospital or a nursing home goes on, as far as the reader may know."""
    asked = [("patient", patient), ("status", "in-progress"), ("_count", "50")]
    found = await record.resources("Encounter", asked)
    return any((one.get("class") or {}).get("code") in INPATIENT for one in found)


async def beds(record: Record, patients: Sequence[str], ahead: int, now: int) -> list[Bed]:
    """The round of patients ("Patient/x"), the first due first, with the doses that are late, due, or coming within
    `ahead` (microseconds)."""
    found: list[Bed] = []
    for start in range(0, len(patients), AT_ONCE):
        some = patients[start : start + AT_ONCE]
        asked = [("patient", ",".join(some)), ("status", "active"), ("_count", str(MOST))]
        orders = await record.resources("MedicationRequest", asked)
        done = await recorded(record, ",".join(some), now - 2 * BACK)
        for patient in some:
            own = [one for one in orders if (one.get("subject") or {}).get("reference") == patient]
            rows = [each for one in own if (each := row(one, done, now - BACK, now + ahead, now)) and _left(each)]
            found.append(Bed(patient, sorted(rows, key=lambda one: (_left(one)[0].at, one.name.casefold()))))
    return sorted(found, key=lambda one: (one.first, one.patient))


def _left(one: Row) -> list[Planned]:
    return [each for each in one.planned if each.state in (State.COMING, State.DUE, State.LATE)]


class Found(StrEnum):
    """What a scan tells."""

    OTHER_PATIENT = "other-patient"
    NO_BAND = "no-band"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    NOT_DUE = "not-due"
    OTHER_ROUTE = "other-route"
    UNEVEN = "uneven"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Matched:
    """What was scanned, against the chart: the row and time for which it is given, and how many units of it."""

    found: Found
    row: Row | None = None
    planned: Planned | None = None
    product: Product | None = None
    dose: Dose | None = None
    package: Package | None = None

    @property
    def ready(self) -> bool:
        return self.found is Found.READY


def matched(
    rows: Sequence[Row], patient: Json, band: Band | None, package: Package | None, product: Product | None, today: date
) -> Matched | None:
    """Right patient, medicine, dose, route and time; None while no package has been scanned. Pure."""
    if band is not None and band.number not in _numbers(patient):
        return Matched(Found.OTHER_PATIENT)
    if package is None:
        return None
    if product is None:
        return Matched(Found.UNKNOWN, package=package)
    if package.expires is not None and package.expires < today:
        return Matched(Found.EXPIRED, product=product, package=package)
    same = [one for one in rows if one.active and one.product.atc == product.atc and one.dose is not None]
    able = [one for one in same if one.ready is not None or (one.dose is not None and one.dose.needed)]
    if not able:
        return Matched(Found.NOT_DUE, same[0] if same else None, product=product, package=package)
    fitting = [one for one in able if one.product.route in ("", product.route)]
    if not fitting:
        return Matched(Found.OTHER_ROUTE, able[0], product=product, package=package)
    chosen = min(fitting, key=lambda one: (one.ready is None, one.ready.at if one.ready else 0, one.id))
    dose = _units(chosen, product)
    if dose is None:
        return Matched(Found.UNEVEN, chosen, chosen.ready, product, package=package)
    found = Found.READY if band is not None else Found.NO_BAND
    return Matched(found, chosen, chosen.ready, product, dose, package)


def _numbers(patient: Json) -> set[str]:
    """The numbers that may stand on a patient's wristband: those in use, of whatever kind (fødselsnummer, D-nummer,
    felles hjelpenummer, a hospital's own), since newborns and unknown persons have bands too."""
    return {str(one.get("value")) for one in patient.get("identifier") or () if one.get("use") != "old"}


def _units(one: Row, product: Product) -> Dose | None:
    """How many units of a medicine make the dose of an order; None where they make no half or whole number."""
    if one.dose is None:
        return None
    wanted = one.product.amount(Dose(one.dose.amount, one.dose.unit))
    each = product.amount(Dose(Decimal(1), product.unit))
    per = product.per(one.product)
    if not wanted or not each or not per:
        return None
    many = wanted * per / each
    return Dose(many, product.unit) if many * 2 == int(many * 2) else None
