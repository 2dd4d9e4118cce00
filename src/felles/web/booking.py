"""What is wished for an appointment, and the times that fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import parse_qs, urlencode

from babel.dates import format_date
from starlette.requests import Request

from felles.clerical import diary, vacancy
from felles.clerical.period import Period
from felles.clerical.vacancy import Offer, Wish
from felles.duties.calendar import NORWAY
from felles.duties.listing import units_of
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.web.chart.moment import OSLO, day_of
from felles.web.chart.place import Directory
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of, unit_names
from felles.web.source import directory
from felles.web.visit import visit_of

SHOWN, MORE = 6, 30
AHEAD = 120
"""Days: how far ahead times are looked for where no deadline lies ahead."""
NOTICE = 7
"""Policy: days from today from which times are offered unless somebody wishes otherwise; a letter takes its time."""
A_DAY = 2
"""Of each day so many are offered first."""
MINUTES = (15, 20, 30, 45, 60, 90)
PARTS: Mapping[str, tuple[str, time, time]] = {
    "": (N_("Hele dagen"), time.min, time.max), "morning": (N_("Før kl. 12"), time.min, time(12)),
    "afternoon": (N_("Etter kl. 12"), time(12), time.max),
}  # fmt: skip
FORMS = {"": N_("Oppmøte"), "video": N_("Video"), "telephone": N_("Telefon")}
DAYS = range(5)
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish as a form says it. `unit` and `calendar` are ids; `move`: the appointment that gets another time."""

    unit: str
    first: date
    last: date
    minutes: int = 30
    days: frozenset[int] = frozenset(DAYS)
    part: str = ""
    calendar: str = ""
    form: str = ""
    move: str = ""
    more: bool = False

    @property
    def query(self) -> str:
        """As the query of an address."""
        pairs = [
            ("unit", self.unit), ("first", self.first.isoformat()), ("last", self.last.isoformat()),
            ("minutes", str(self.minutes)), ("part", self.part), ("calendar", self.calendar), ("form", self.form),
            ("move", self.move), *(("day", str(one)) for one in sorted(self.days)),
        ]  # fmt: skip
        return urlencode([pair for pair in pairs if pair[1]])

    def wish(self) -> Wish:
        """As the search of times takes it."""
        _, after, before = PARTS[self.part]
        days = self.days or frozenset(DAYS)
        calendars = (frozenset((f"Schedule/{self.calendar}",)),) if self.calendar else ()
        return Wish(
            f"Organization/{self.unit}", self.minutes, NORWAY.moment(self.first),
            NORWAY.moment(self.last + timedelta(days=1)), "", days, after, before, calendars,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Time:
    """An offer as people read it; `value` as a form sends it."""

    value: str
    day: str
    clock: str
    who: str
    late: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What the form of a booking has: the wish, the times that fit, and what may be chosen."""

    asked: Asked
    times: Sequence[Time]
    more: bool
    calendars: Sequence[tuple[str, str]] = ()
    units: Sequence[tuple[str, str]] = ()
    days: Sequence[tuple[int, str]] = field(default_factory=list)


def asked(values: Values, period: Period, today: date) -> Asked:
    """The wish of an address or a form; what is no wish is as if it had not been said."""
    one = {name: found[-1] for name, found in values.items() if found}
    ahead = period.deadline if period.deadline and period.deadline > today else today + timedelta(days=AHEAD)
    soon = min(today + timedelta(days=NOTICE), max(ahead - timedelta(days=1), today))
    first = max(day_of(one.get("first", "")) or soon, today)
    last = max(day_of(one.get("last", "")) or ahead, first)
    days = frozenset(int(day) for day in values.get("day", ()) if day in {str(one) for one in DAYS})
    minutes = one.get("minutes", "30")
    return Asked(
        one.get("unit") or period.unit.partition("/")[2], first, min(last, first + timedelta(days=730)),
        int(minutes) if minutes in map(str, MINUTES) else 30, days or frozenset(DAYS),
        one["part"] if one.get("part") in PARTS else "", one.get("calendar", ""),
        one["form"] if one.get("form") in FORMS else "", one.get("move", ""), bool(one.get("more")),
    )  # fmt: skip


def values_of(query: str) -> Values:
    """The wish that a form carries along."""
    return parse_qs(query[:2_000])


async def desk(request: Request, period: Period, question: Asked) -> Desk:
    """The times that fit a wish, the first ones first."""
    sitting, now, language = sitting_of(request), now_of(request), visit_of(request).language
    units = await units_of(sitting.record, sitting.who)
    if f"Organization/{question.unit}" not in units:
        question = asked({}, period, NORWAY.day(now))
    found = await _found(sitting.record, _from_now(question.wish(), now), more=question.more)
    unit = f"Organization/{question.unit}"
    schedules = await diary.calendars(sitting.record, unit)
    known = {f"Schedule/{one['id']}": one for one in schedules}
    missing = ",".join({ref.partition("/")[2] for one in found for ref in one.schedules if ref not in known and ref})
    others = await sitting.record.resources("Schedule", [("_id", missing)]) if missing else []
    known |= {f"Schedule/{one['id']}": one for one in others}
    places = await directory(sitting.record, list(known.values()))
    names = {ref: named(one.get("actor") or (), places) for ref, one in known.items()}
    return Desk(
        question, [_time(one, names, period, language) for one in found], len(found) == SHOWN and not question.more,
        sorted(((one["id"], names[f"Schedule/{one['id']}"]) for one in schedules), key=lambda pair: pair[1]),
        await unit_names(request, units) if len(units) > 1 else [],
        [(day, format_date(date(2024, 1, 1 + day), "EEE", locale=language)) for day in DAYS],
    )  # fmt: skip


async def _found(record: Record, wish: Wish, *, more: bool) -> list[Offer]:
    """The first times of the first days; with `more` the first ones without a gap."""
    found: list[Offer] = []
    try:
        if more:
            return await vacancy.find(record, wish, MORE)
        while len(found) < SHOWN and wish.earliest < wish.latest:
            some = await vacancy.find(record, wish, A_DAY)
            found += some
            if not some:
                break
            following = NORWAY.moment(NORWAY.day(some[-1].start) + timedelta(days=1))
            wish = replace(wish, earliest=following)
    except Problem:
        return found
    return found[:SHOWN]


def _from_now(wish: Wish, now: int) -> Wish:
    """Nothing that has begun is offered."""
    earliest = max(wish.earliest, now)
    return replace(wish, earliest=earliest, latest=max(wish.latest, earliest + 1))


def named(actors: Sequence[Mapping[str, str]], places: Directory) -> str:
    """Whose calendar it is: people before rooms."""
    people = [one for one in actors if one.get("reference", "").startswith("Practitioner")]
    return ", ".join(filter(None, (places.name(one) for one in people or actors)))


def _time(offer: Offer, names: Mapping[str, str], period: Period, language: str) -> Time:
    start, end = (datetime.fromtimestamp(one / 1_000_000, OSLO) for one in (offer.start, offer.end))
    day = format_date(start.date(), "EEEE d. MMMM" if language != "en" else "EEEE d MMMM", locale=language)
    who = ", ".join(filter(None, (names.get(one, "") for one in offer.schedules)))
    late = period.deadline is not None and start.date() > period.deadline
    return Time(written(offer), day, f"{start:%H.%M}–{end:%H.%M}", who, late)


def written(offer: Offer) -> str:
    """An offer as a form carries it."""
    return ".".join((str(offer.start), str(offer.end), *(one.removeprefix("Slot/") for one in offer.slots)))


def offer_of(text: str) -> Offer | None:
    """The offer of a form; None for what is none."""
    start, end, *slots = text.split(".")[:12] if text.count(".") > 1 else ("", "")
    if not (start.isdigit() and end.isdigit() and slots and len(start) < 19 and len(end) < 19):
        return None
    return Offer(int(start), int(end), tuple(f"Slot/{one}" for one in slots))


def spoken(offer: Offer, language: str) -> str:
    """`torsdag 3. desember 2026 kl. 09.00`"""
    start = datetime.fromtimestamp(offer.start / 1_000_000, OSLO)
    form = "EEEE d. MMMM y" if language != "en" else "EEEE d MMMM y"
    return f"{format_date(start.date(), form, locale=language)} kl. {start:%H.%M}"
