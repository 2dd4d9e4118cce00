"""What can be booked, and the first that fits: free slots by rule and wish, of one calendar or of several at once.

Calendars are FHIR Schedules (schedule.html) of people, rooms and equipment, what can be booked their Slots (slot.html).
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import chain, islice
from typing import Any

from felles.access.age import NORWAY as ZONE
from felles.access.consent import micros
from felles.duties import owing
from felles.duties.calendar import NORWAY
from felles.duties.deed import Said
from felles.duties.reading import Outside, Reading, names
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Line, Sql

FREE, TAKEN, CLOSED = 0, 1, 2
STATUS: Mapping[str, int] = {
    "free": FREE, "busy": TAKEN, "busy-tentative": TAKEN, "busy-unavailable": CLOSED, "entered-in-error": CLOSED,
}  # fmt: skip
"""Slot.status → how the table writes it."""
AT_ONCE = 2_000
"""Rows that one look takes; a search goes on until it has found or the wish ends."""
MINUTE = 60_000_000
DAYS_OF_WEEK = 7
LONGEST = 1_440 * MINUTE
"""No slot lasts longer than a day."""
Json = dict[str, Any]

_COLUMNS = 'slot, schedule, unit, status, start, "end", service'
LINES: Mapping[str, Sql] = {
    "vacancy put": Sql(
        f"INSERT INTO vacancy ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (slot) DO UPDATE SET "  # noqa: S608
        "schedule = excluded.schedule, unit = excluded.unit, status = excluded.status, start = excluded.start, "
        '"end" = excluded."end", service = excluded.service'
    ),
    "vacancy gone": Sql("DELETE FROM vacancy WHERE slot = $1"),
    "vacancy free": Sql(
        'SELECT slot, schedule, start, "end", service FROM vacancy WHERE unit = $1 AND status = 0 '
        'AND (start, slot) > ($2, $3) AND start < $4 AND "end" - start >= $5 ORDER BY start, slot LIMIT $6'
    ),
    "vacancy of schedule": Sql(
        'SELECT slot, schedule, start, "end", service FROM vacancy WHERE schedule = $1 AND status = 0 '
        'AND start >= $2 AND start < $3 AND "end" - start >= $4 ORDER BY start, slot'
    ),
    "vacancy open": Sql("SELECT unit, max(start) FROM vacancy WHERE start >= $1 AND unit <> 0 GROUP BY unit"),
    "vacancy starts": Sql(
        "SELECT start FROM vacancy WHERE unit = $1 AND status = 0 AND start >= $2 ORDER BY start LIMIT $3"
    ),
    "vacancy first": Sql("SELECT min(start) FROM vacancy WHERE unit = $1 AND status = 0 AND start >= $2"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for at a unit, "Organization/x": `minutes` between `earliest` and `latest` (microseconds), on
    `weekdays` (0: Monday) between two times of day, for a `service`. Each of `calendars` is a set of Schedules of which
    one is needed at the same time ("Schedule/x"); none: any calendar of the unit will do."""

    unit: str
    minutes: int
    earliest: int
    latest: int
    service: str = ""
    weekdays: frozenset[int] = frozenset(range(7))
    after: time = time.min
    before: time = time.max
    calendars: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Free:
    """One row of what is free, by keys."""

    slot: int
    schedule: int
    start: int
    end: int
    service: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A time that fits: the slots that are to be taken together ("Slot/x"), one of each calendar."""

    start: int
    end: int
    slots: tuple[str, ...]
    schedules: tuple[str, ...] = field(default=())


def suits(one: Free, wish: Wish) -> bool:
    """Whether a free slot fits a wish, its calendar aside. Pure."""
    if wish.service and one.service and one.service != wish.service:
        return False
    start = max(one.start, wish.earliest)
    if one.end - start < wish.minutes * MINUTE or start >= wish.latest:
        return False
    at = datetime.fromtimestamp(start / 1_000_000, ZONE)
    return at.weekday() in wish.weekdays and wish.after <= at.time() < wish.before


def together(
    found: Sequence[Free], wish: Wish, sets: Sequence[frozenset[int]], earlier: Sequence[Free] = ()
) -> Iterator[tuple[Free, ...]]:
    """Slots that can be taken at the same time, one of each set of calendars, in order of the first's start; `earlier`
    are further ones that began before. Pure."""
    if not sets:
        yield from ((one,) for one in found if suits(one, wish))
        return
    lead = [one for one in found if one.schedule in sets[0] and suits(one, wish)]
    for one in lead:
        chosen, until = [one], one.start + wish.minutes * MINUTE
        for others in sets[1:]:
            taken = {mine.schedule for mine in chosen}
            fits = (
                other for other in chain(found, earlier)
                if other.schedule in others - taken and other.start <= one.start and until <= other.end
            )  # fmt: skip
            also = next(fits, None)
            if also is None:
                break
            chosen.append(also)
        else:
            yield tuple(chosen)


async def find(record: Record, wish: Wish, limit: int = 20) -> list[Offer]:
    """The first times that fit, in order. Raises Problem 422 for a wish that nothing can fit."""
    if wish.minutes <= 0 or wish.latest <= wish.earliest or not wish.weekdays or wish.before <= wish.after:
        raise problem(422, "business-rule", "nothing can fit this wish: look at length, days and times of day")
    sets = [frozenset(map(key64, one)) for one in wish.calendars]
    offers: list[tuple[Free, ...]] = []
    for begin, end in windows(wish):
        async for found in _free(record, wish, begin, end):
            earlier = await _earlier(record, wish, sets[1:], found)
            offers += islice(together(found, wish, sets, earlier), limit - len(offers))
            if len(offers) >= limit:
                break
        if len(offers) >= limit:
            break
    keys = [key for one in offers for free in one for key in (free.slot, free.schedule)]
    known = await names(Outside(record), keys)
    return [_offer(one, wish, known) for one in offers if all(free.slot in known for free in one)]


async def _free(record: Record, wish: Wish, begin: int, end: int) -> AsyncIterator[list[Free]]:
    """What is free in a window and long enough, in parts."""
    after: tuple[int, int] = (begin - 1, 1 << 62)
    while True:
        rows = await record.ask("vacancy free", [key64(wish.unit), *after, end, wish.minutes * MINUTE, AT_ONCE])
        yield [Free(*row) for row in rows]
        if len(rows) < AT_ONCE:
            return
        after = (rows[-1][2], rows[-1][0])


async def _earlier(record: Record, wish: Wish, sets: Sequence[frozenset[int]], found: Sequence[Free]) -> list[Free]:
    """What the further calendars have free that began before a part does, and may still last."""
    rows: list[Free] = []
    for schedule in sorted({one for some in sets for one in some}) if found else ():
        span = [schedule, found[0].start - LONGEST, found[0].start, wish.minutes * MINUTE]
        rows += [Free(*row) for row in await record.ask("vacancy of schedule", span)]
    return rows


def windows(wish: Wish) -> Iterator[tuple[int, int]]:
    """The stretches of time in which a slot may begin, in order: whole where any day and hour will do. Pure."""
    if len(wish.weekdays) == DAYS_OF_WEEK and wish.after == time.min and wish.before == time.max:
        yield wish.earliest, wish.latest
        return
    day = NORWAY.day(wish.earliest)
    while (begin := max(NORWAY.moment(day, wish.after), wish.earliest)) < wish.latest:
        end = min(NORWAY.moment(day, wish.before), wish.latest)
        if day.weekday() in wish.weekdays and begin < end:
            yield begin, end
        day += timedelta(days=1)


def _offer(found: tuple[Free, ...], wish: Wish, known: Mapping[int, str]) -> Offer:
    start = found[0].start
    slots = tuple(known[one.slot] for one in found)
    return Offer(start, start + wish.minutes * MINUTE, slots, tuple(known.get(one.schedule, "") for one in found))


async def earliest(record: Record, unit: str, now: int) -> int | None:
    """When the unit's first free slot begins; None where nothing is free."""
    row = (await record.ask("vacancy first", [key64(unit), now]))[0]
    return None if row[0] is None else int(row[0])


async def unit_of(read: Reading, schedule: Json) -> str:
    """The unit that a calendar belongs to, by its first actor that has one; empty where none has."""
    for one in schedule.get("actor") or ():
        target = str(one.get("reference", ""))
        kind, _, id = target.partition("/")
        if kind == "Organization":
            return target
        found = await read.read(kind, id) if kind in _PLACES else None
        place = (found or {}).get(_PLACES.get(kind, ""), {})
        if place.get("reference", "").startswith("Organization/"):
            return str(place["reference"])
    return ""


_PLACES = {"PractitionerRole": "organization", "Location": "managingOrganization", "HealthcareService": "providedBy"}


async def _show(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    key = key64(f"Slot/{woken.id}")
    slot = woken.after
    if slot is None:
        return [Line("vacancy gone", [key])]
    start, end = (micros(slot.get(name)) for name in ("start", "end"))
    if end <= start:
        raise problem(422, "business-rule", "a slot ends after it begins", "Slot.end")
    schedule = str((slot.get("schedule") or {}).get("reference", ""))
    unit = await unit_of(inside, await inside.read("Schedule", schedule.partition("/")[2]) or {})
    services = (coding.get("code") for one in slot.get("serviceType") or () for coding in one.get("coding") or ())
    status = STATUS.get(str(slot.get("status")), CLOSED)
    row = [key, key64(schedule), key64(unit) if unit else 0, status, start, end, next(filter(None, services), "")]
    return [Line("vacancy put", row)]


RULE = Rule("a slot can be found", frozenset({"Slot"}), owing(_show), imports=True)
