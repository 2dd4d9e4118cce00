"""Current time and components of dates (http://hl7.org/fhirpath/N1/#utility-functions)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from felles.record.fhirpath.context import Context
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions.conversion import to_date
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.singleton import EMPTY, value
from felles.record.fhirpath.temporal import Temporal, fields
from felles.record.fhirpath.value import Collection, describe


@function("now")
def now(context: Context, focus: Collection) -> Collection:
    moment = context.moment()
    return [Temporal("DateTime", fields(moment), milliseconds(moment), zone_minutes(moment))]


@function("today")
def today(context: Context, focus: Collection) -> Collection:
    return [Temporal("Date", fields(context.moment())[:3])]


@function("timeOfDay")
def time_of_day(context: Context, focus: Collection) -> Collection:
    moment = context.moment()
    return [Temporal("Time", fields(moment)[3:], milliseconds(moment))]


def milliseconds(moment: datetime) -> str:
    return f"{moment.microsecond // 1000:03}"


def zone_minutes(moment: datetime) -> int:
    offset = moment.utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def component(name: str, extract: Callable[[Temporal], Any]) -> None:
    """Register a function that takes one part out of a date or time; empty when the part is not known."""

    @function(name)
    def call(context: Context, focus: Collection) -> Collection:
        item = value(focus)
        if item is None:
            return EMPTY
        if not isinstance(item, Temporal):
            raise FhirPathError(f"{describe(item)} is no date or time")
        found = extract(item)
        return EMPTY if found is None else [found]


def part(place: int) -> Callable[[Temporal], int | None]:
    """The part at `place` of year, month, day, hour, minute, second."""

    def extract(item: Temporal) -> int | None:
        at = place - 3 if item.kind == "Time" else place
        return item.parts[at] if 0 <= at < len(item.parts) else None

    return extract


def time_part(item: Temporal) -> Temporal | None:
    parts = item.parts if item.kind == "Time" else item.parts[3:]
    return Temporal("Time", parts, item.fraction) if parts else None


component("yearOf", part(0))
component("monthOf", part(1))
component("dayOf", part(2))
component("hourOf", part(3))
component("minuteOf", part(4))
component("secondOf", part(5))
component("millisecondOf", lambda item: int((item.fraction + "00")[:3]) if item.fraction else None)
component("timezoneOffsetOf", lambda item: None if item.offset is None else item.offset / 60)
component("dateOf", to_date)
component("timeOf", time_part)
