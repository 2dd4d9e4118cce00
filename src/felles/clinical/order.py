"""Orders (rekvisisjoner): several signed at once, each routed to a unit or refused on the spot, and owed by that unit
until it is answered.

An order is a ServiceRequest of category `urn:felles:category|laboratory` or `|imaging`; who takes them is a
HealthcareService of the same category.
"""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff
from felles.clinical.result import ANSWERED, WITHDRAWN, since, written
from felles.duties import Kind, Level, Outcome, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays, due
from felles.duties.deed import Said, moment_of
from felles.duties.kind import View
from felles.duties.orphan import Orphan, without_duty
from felles.duties.owner import ancestry
from felles.duties.reading import Outside, Reading
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Origin

CATEGORY = "urn:felles:category"
CATEGORIES: Mapping[str, str] = {"laboratory": "Laboratorium", "imaging": "Bildediagnostikk"}
CODE = "urn:felles:order"
SNOMED = "http://snomed.info/sct"
PRIORITIES = ("routine", "urgent", "stat")
HOURS: Mapping[str, int] = {"urgent": 24, "stat": 4}
"""Hours in which an order that is not routine is owed an answer."""
HOUR = 3_600_000_000
DAYS = 20
"""Working days for an order of which the list knows no term."""
IN_FORCE = frozenset(("active", "on-hold"))
Json = dict[str, Any]

CARRY_OUT = declare(
    Kind(
        301, "carry-out-order", "Utfør rekvisisjonen", WorkingDays(DAYS),
        (Step(Level.LEADER, WorkingDays(2)), Step(Level.REGION, WorkingDays(5))),
        proof="Et svar på rekvisisjonen, eller at den er trukket", by_hand=False, view=View.SOON,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """What can be ordered. `names` and `holds` (analyses) are words; `days`: working days when it is routine."""

    code: str
    category: str
    days: int
    names: Mapping[str, str]
    holds: tuple[str, ...] = ()
    snomed: str = ""


@cache
def items() -> Mapping[str, Item]:
    """What can be ordered, by code, in the order of the list."""
    read = tomllib.loads((resources.files(__package__) / "data" / "orders.toml").read_text("utf-8"))
    return {
        row["code"]: Item(
            row["code"], row["category"], row["days"], {name: row[name] for name in ("nb", "nn", "en")},
            tuple(row["holds"]), row.get("snomed", ""),
        )
        for row in read["order"]
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Basket:
    """What is ordered at once for "Patient/x": codes of items, why, and how soon (one of PRIORITIES)."""

    patient: str
    codes: tuple[str, ...]
    why: str = ""
    priority: str = "routine"


def category_of(request: Json | None) -> str:
    """The category by which an order is routed; empty for what is no order of ours."""
    codings = (coding for one in (request or {}).get("category") or () for coding in one.get("coding") or ())
    return next(
        (str(one["code"]) for one in codings if one.get("system") == CATEGORY and one.get("code") in CATEGORIES), ""
    )


async def route(read: Reading, category: str, unit: str) -> str:
    """The unit that takes orders of a category from another: of the same hospital or municipality first. Raises Problem
    422 where nobody takes them."""
    found = await read.search("HealthcareService", [("service-category", f"{CATEGORY}|{category}")], 100)
    takers = [
        str((one.get("providedBy") or {}).get("reference", "")) for one in found if one.get("active") is not False
    ]
    standing = [one for one in sorted(set(takers)) if await _stands(read, one)]
    if not standing:
        raise problem(422, "business-rule", f"no unit takes orders of {category}", "ServiceRequest.performer")
    own = set(await ancestry(read, unit))
    near = [(len(own & set(await ancestry(read, one))), one) for one in standing]
    return max(near, key=lambda pair: (pair[0], pair[1]))[1]


async def _stands(read: Reading, unit: str) -> bool:
    if not unit.startswith("Organization/"):
        return False
    found = await read.read("Organization", unit.partition("/")[2])
    return found is not None and found.get("active") is not False


async def sign(record: Record, who: Who, basket: Basket, now: int) -> list[str]:
    """Signs everything in a basket, or nothing. Returns the ids of the ServiceRequests. Raises Problem 403 for who is
    no staff, 422 for an empty basket, the dead, a record that was merged, and what nobody takes."""
    role = staff(who)
    await alive(record, basket.patient)
    chosen = [items()[code] for code in dict.fromkeys(basket.codes) if code in items()]
    if not chosen or len(chosen) != len(set(basket.codes)) or basket.priority not in PRIORITIES:
        raise problem(422, "required", "choose what is ordered", "ServiceRequest.code")
    read, unit = Outside(record), who.role.unit if who.role else ""
    takers = {one: await route(read, one, unit) for one in sorted({item.category for item in chosen})}
    requisition = {"system": "urn:felles:requisition", "value": new_id()}
    made = [_request(basket, item, takers[item.category], role, now) | {"requisition": requisition} for item in chosen]
    await commit(record, [Put(one) for one in made], [])
    return [str(one["id"]) for one in made]


def _request(basket: Basket, item: Item, taker: str, role: str, now: int) -> Json:
    coding = [{"system": CODE, "code": item.code}] + ([{"system": SNOMED, "code": item.snomed}] if item.snomed else [])
    label = CATEGORIES[item.category]
    return {
        "resourceType": "ServiceRequest", "id": new_id(), "status": "active", "intent": "order",
        "category": [{"coding": [{"system": CATEGORY, "code": item.category, "display": label}], "text": label}],
        "priority": basket.priority, "code": {"coding": coding, "text": item.names["nb"]},
        **({"orderDetail": [{"text": one} for one in item.holds]} if item.holds else {}),
        "subject": {"reference": basket.patient}, "authoredOn": instant(now), "requester": {"reference": role},
        "performer": [{"reference": taker}],
        **({"reasonCode": [{"text": basket.why.strip()}]} if basket.why.strip() else {}),
    }  # fmt: skip


async def revoke(record: Record, who: Who, id: str, version: int, reason: str) -> None:
    """Withdraws an order with a reason. Raises Problem 409 where it has changed or is answered, 422 without a
    reason."""
    staff(who)
    if len(reason.strip()) < LEAST:
        raise problem(422, "required", "say why it is withdrawn", "ServiceRequest.note")
    held = await record.resource("ServiceRequest", id)
    if int(held["meta"]["versionId"]) != version or held["status"] not in IN_FORCE or not category_of(held):
        raise problem(409, "conflict", "others have changed this meanwhile; look at it as it is now")
    note = [*(held.get("note") or ()), {"text": reason.strip()}]
    await commit(record, [Put({**held, "status": "revoked", "note": note})], [(held, version)])


def _due(order: Json, now: int) -> int:
    hours = HOURS.get(str(order.get("priority")))
    if hours is not None:
        return now + hours * HOUR
    codes = [str(one.get("code")) for one in (order.get("code") or {}).get("coding") or () if one.get("system") == CODE]
    item = items().get(codes[0]) if codes else None
    return due(WorkingDays(item.days if item else DAYS), now, NORWAY)


async def _ordered(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    subject, after = f"ServiceRequest/{woken.id}", woken.after
    was = category_of(woken.before) and (woken.before or {}).get("status") in IN_FORCE
    stands = (
        after is not None and category_of(after) and after.get("status") in IN_FORCE and after.get("intent") == "order"
    )
    if not stands or after is None:
        return [Settle(CARRY_OUT, subject, subject, Outcome.NEEDLESS)] if was else []
    if woken.origin in (Origin.IMPORT, Origin.DEMO):
        return []
    if await inside.ask("duty to settle", [key64(subject), CARRY_OUT.number]) or await _answer(inside, woken.id):
        return []
    takers = [str(one.get("reference", "")) for one in after.get("performer") or ()]
    unit = next(iter([one for one in takers if await _stands(inside, one)]), "")
    if not unit:
        raise problem(422, "business-rule", "no unit that stands takes this order", "ServiceRequest.performer")
    patient = str((after.get("subject") or {}).get("reference", ""))
    return [Owe(CARRY_OUT, subject, unit, patient=patient or None, due=_due(after, moment_of(woken)))]


def answers(report: Json | None) -> set[str]:
    """The orders that a report answers."""
    if report is None or report.get("status") not in ANSWERED:
        return set()
    told = (str(one.get("reference", "")) for one in report.get("basedOn") or ())
    return {one for one in told if one.startswith("ServiceRequest/")}


async def _answered(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    if woken.origin in (Origin.IMPORT, Origin.DEMO):
        return []
    proof, before, after = f"DiagnosticReport/{woken.id}", answers(woken.before), answers(woken.after)
    found: list[Said | Deed] = [Settle(CARRY_OUT, one, proof) for one in sorted(after - before)]
    gone = woken.after is None or woken.after.get("status") in WITHDRAWN
    return [*found, *(Reopen(CARRY_OUT, one, proof) for one in sorted(before - after) if gone)]


RULES = (
    Rule("an order is owed an answer", frozenset({"ServiceRequest"}), owing(_ordered)),
    Rule("an answer carries an order out", frozenset({"DiagnosticReport"}), owing(_answered)),
)


async def orphans(record: Record) -> AsyncIterator[Orphan]:
    """Orders in force that nobody has answered and nobody is to answer."""
    read, first = Outside(record), await since(record)

    async def waits(id: str, found: Json) -> bool:
        if not category_of(found) or found.get("status") not in IN_FORCE or found.get("intent") != "order":
            return False
        return written(found) >= first and not await _answer(read, id)

    async for id in without_duty(record, "ServiceRequest", waits, demo=False):
        yield Orphan("an order that nobody has answered and nobody is to answer", f"ServiceRequest/{id}")


async def _answer(read: Reading, id: str) -> bool:
    asked = [("based-on", f"ServiceRequest/{id}"), ("status", ",".join(sorted(ANSWERED)))]
    return bool(await read.search("DiagnosticReport", asked, 1))
