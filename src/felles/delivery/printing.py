"""Print: letters in batches, one PDF with a manifest, and sent only when the print room has confirmed each of them.

A batch is a FHIR List (list.html) of deliveries. The manifest holds numbers, pages and fingerprints: no name and no
address, so that it may lie about (folkeregisterloven § 10-4, taushetsplikt).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from felles.access.consent import elevated, instant
from felles.access.who import Kind, Who
from felles.delivery.act import onto_paper
from felles.delivery.case import fetched
from felles.delivery.channel import Channel
from felles.delivery.letter import CHANNEL, DELIVERY, FINGERPRINT, KIND, standing, state_of
from felles.delivery.paper import Printed, Sheet, pdf
from felles.delivery.receiver import is_dead
from felles.delivery.state import STATUS, State
from felles.duties.reading import Outside
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.protection import protection_of
from felles.record.record import Record
from felles.record.rule import Deed, Put, parted

BATCH = "urn:felles:print-batch"
"""List.code of a batch, and system of the identifier that its deliveries carry."""
UNIT = "urn:felles:print-unit"
MOST = 200
Json = dict[str, Any]


async def waiting(record: Record, who: Who) -> list[Json]:
    """What the unit has to print, the oldest first."""
    asked = [
        ("category", f"{DELIVERY}|{KIND}"), ("medium", f"{CHANNEL}|{Channel.PRINT.value}"), ("sender", _unit(who)),
        ("status", STATUS[State.QUEUED]), ("_sort", "_lastUpdated"), ("_count", str(MOST)),
    ]  # fmt: skip
    return await elevated(record).resources("Communication", asked)


async def gather(record: Record, who: Who, now: int) -> str | None:
    """Makes a batch of what waits, in one transaction. Returns the List's id; None where there is nothing to print. Who
    has died or got a protected address meanwhile is taken out first."""
    over, found = elevated(record), []
    for one in await waiting(record, who):
        to = await fetched(Outside(record), str(one["recipient"][0]["reference"])) or {}
        if is_dead(to):
            await over.update(standing(one, State.VOID, now, "mottakeren er død"), int(one["meta"]["versionId"]))
        elif protection_of(to) is not None or not to.get("address"):
            await onto_paper(over, one, now, "adressen kan ikke stå på et brev fra trykkeriet")
        else:
            found.append(one)
    if not found:
        return None
    id = new_id()
    handed = [
        standing(one, State.HANDED, now) | {"identifier": [{"system": BATCH, "value": id}]} for one in found
    ]  # fmt: skip
    deeds: list[Deed] = [Put(_batch(id, who, found, now)), *map(Put, handed)]
    writes, lines = parted(deeds)
    await over.commit(writes, lines=lines)
    return id


def _batch(id: str, who: Who, found: Sequence[Json], now: int) -> Json:
    return {
        "resourceType": "List",
        "id": id,
        "identifier": [{"system": UNIT, "value": _unit(who)}],
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": BATCH, "code": "letters"}]},
        "date": instant(now),
        "source": {"reference": who.id},
        "entry": [{"item": {"reference": f"Communication/{one['id']}"}} for one in found],
    }


async def batches(record: Record, who: Who) -> list[Json]:
    """The unit's batches that are not confirmed yet."""
    asked = [("identifier", f"{UNIT}|{_unit(who)}"), ("status", "current"), ("_sort", "-date")]
    return await elevated(record).resources("List", asked)


async def inside(record: Record, who: Who, id: str) -> list[str]:
    """The deliveries of a batch, by their number in the manifest from 1. Raises Problem 404 for another unit's."""
    batch = await _own(elevated(record), who, id)
    return [str(one["item"]["reference"]).partition("/")[2] for one in batch["entry"]]


async def sheets(record: Record, who: Who, id: str) -> list[Sheet]:
    """The letters of a batch, in order. Raises Problem 404 for another unit's."""
    over = elevated(record)
    batch = await _own(over, who, id)
    found = []
    for entry in batch["entry"]:
        one = await over.resource("Communication", entry["item"]["reference"].partition("/")[2])
        letter = await over.resource("Composition", one["partOf"][0]["reference"].partition("/")[2])
        to = await fetched(Outside(record), str(one["recipient"][0]["reference"])) or {}
        found.append(Sheet(letter, one, () if protection_of(to) is not None else address(to)))
    return found


async def printed(record: Record, who: Who, id: str) -> Printed:
    """The PDF of a batch."""
    return await pdf(await sheets(record, who, id), practice=record.demo)


def address(person: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines under the name: the postal address, else where somebody lives."""
    given = [one for one in person.get("address") or () if one.get("use") != "old"]
    postal = [one for one in given if one.get("type") == "postal"] or given
    if not postal:
        return ()
    one = postal[0]
    town = " ".join(filter(None, (one.get("postalCode"), one.get("city"))))
    country = one.get("country") if one.get("country") not in (None, "NO", "NOR", "Norge") else None
    return tuple(filter(None, (*one.get("line", ()), town, country)))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the print room counts by: number, delivery, pages, the first of the fingerprint."""

    rows: tuple[tuple[int, str, int, str], ...]

    def sheet(self) -> str:
        """As CSV (RFC 4180)."""
        out = io.StringIO()
        write = csv.writer(out)
        write.writerow(("nr", "forsendelse", "sider", "avtrykk"))
        write.writerows(self.rows)
        return out.getvalue()


def manifest(found: Sequence[Sheet], pages: Sequence[int]) -> Manifest:
    """The manifest of a printed batch."""
    marks = [
        next((one["valueString"] for one in sheet.delivery["extension"] if one["url"] == FINGERPRINT), "")
        for sheet in found
    ]
    told = zip(found, pages, marks, strict=True)
    return Manifest(
        tuple((place, one.delivery["id"], count, mark[:12]) for place, (one, count, mark) in enumerate(told, 1))
    )


async def confirm(record: Record, who: Who, id: str, spoiled: Mapping[str, str], now: int) -> tuple[int, int]:
    """The print room has put the batch into the post, all but `spoiled` (delivery → why). Returns how many were sent
    and how many came back. Raises Problem 409 where it is confirmed already, 422 for a delivery that is not in it."""
    over = elevated(record)
    batch = await _own(over, who, id)
    inside = [one["item"]["reference"].partition("/")[2] for one in batch["entry"]]
    if batch["status"] != "current":
        raise problem(409, "conflict", "this batch is confirmed already")
    if spoiled.keys() - set(inside):
        raise problem(422, "not-found", "a letter that is said to be spoiled is not in this batch", "List.entry")
    found = [await over.resource("Communication", one) for one in inside]
    there = [one for one in found if state_of(one) is State.HANDED]
    told = [
        standing(one, State.REFUSED, now, spoiled[one["id"]] or "ødelagt i trykkeriet")
        if one["id"] in spoiled
        else standing(one, State.SENT, now)
        for one in there
    ]
    writes, lines = parted([Put({**batch, "status": "retired"}), *map(Put, told)])
    await over.commit(writes, lines=lines)
    back = sum(state_of(one) is State.REFUSED for one in told)
    return len(told) - back, back


async def _own(over: Record, who: Who, id: str) -> Json:
    batch = await over.resource("List", id)
    if {"system": UNIT, "value": _unit(who)} not in batch.get("identifier", ()):
        raise problem(404, "not-found", "there is no such batch")
    return batch


def _unit(who: Who) -> str:
    if who.kind is not Kind.STAFF or who.role is None:
        raise problem(403, "forbidden", "letters are printed by staff of the unit that sends them")
    return who.role.unit
