"""The shares that are to be told to Helfo: at least every fourteen days, the unpaid as unpaid, and again within
fourteen days of payment (forskrift om egenandelsregisteret). No diagnosis is told.

No transport is built, and no format was at hand: the list is a file that a clerk takes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clerical.conservation import NATIONAL
from felles.clerical.reception.charge import FEE, PAID, amount
from felles.clerical.reception.tariff import OUTPATIENT
from felles.duties.calendar import NORWAY
from felles.duties.listing import units_of
from felles.duties.reading import Outside
from felles.record.record import Record

DAYS = 14
PAGE = 1_000
SERVICE = "PO"
"""Tjenestetype (NAV Egenandel-Kodeverk 2016-06-10): hospital outpatient clinic, ceiling 1."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """One share. `given`: the day on which the service was given; the fee for a time that was missed is none."""

    number: str
    given: str
    amount: int
    paid: bool
    invoice: str
    unit: str


async def shares(record: Record, who: Who, until: date) -> list[Share]:
    """The shares of one's units that were charged, or paid, in the fourteen days before a day."""
    found: list[Share] = []
    for unit in await units_of(record, who):
        for bill in await _bills(record, unit, until - timedelta(days=DAYS), until):
            person = await Outside(record).read("Patient", bill["subject"]["reference"].partition("/")[2]) or {}
            found.append(Share(_number(person), str(bill["date"])[:10], amount(bill), bill["status"] == PAID,
                               str(bill["id"]), unit))  # fmt: skip
    return found


async def _bills(record: Record, unit: str, since: date, until: date) -> Sequence[Json]:
    """The bills of some days, each day asked for on its own, so that none is cut."""
    rows: list[Json] = []
    for number in range((until - since).days):
        day = since + timedelta(days=number)
        span = [("_lastUpdated", f"ge{instant(NORWAY.moment(day))}"),
                ("_lastUpdated", f"lt{instant(NORWAY.moment(day + timedelta(days=1)))}")]  # fmt: skip
        asked = [("issuer", unit), ("status", "issued,balanced"), *span, ("_sort", "date,_id"), ("_count", str(PAGE))]
        rows += await record.resources("Invoice", asked)
    rows.sort(key=lambda one: (str(one.get("date", "")), str(one["id"])))
    codes = {(FEE, OUTPATIENT)}
    return [one for one in rows if codes & {(c.get("system"), c.get("code")) for c in one["type"]["coding"]}]


def _number(person: Json) -> str:
    used = [one for one in person.get("identifier") or () if one.get("use") != "old"]
    return next((str(one.get("value")) for one in used if one.get("system") in NATIONAL), "")
