"""The clerical room's statements on its own tables, registered with the record by name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from felles.clerical.period import Period, Status
from felles.duties.calendar import day_of
from felles.record.index.value import key64
from felles.record.store import Line, Sql

COLUMNS = (
    "period", "unit", "patient", "status", "seniority", "received", "assessed", "deadline", "booked", "ended",
    "outcome", "field", "pathway", "code",
)  # fmt: skip
STATUS: Mapping[Status, int] = {status: place for place, status in enumerate(Status)}
"""How the table writes a status; the numbers stand in stores."""
_EPOCH = date(1970, 1, 1).toordinal()
_ALL = ", ".join(COLUMNS)
_MARKS = ", ".join(f"${place}" for place in range(1, len(COLUMNS) + 1))
_SETS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in ("period", "booked"))


BOXES: Mapping[str, tuple[str, str]] = {
    "to-assess": ("seniority", f"status = {STATUS[Status.RECEIVED]}"),
    "to-book": ("deadline", f"status = {STATUS[Status.WAITING]} AND booked IS NULL"),
    "with-time": ("deadline", f"status = {STATUS[Status.WAITING]} AND booked IS NOT NULL"),
}
"""Part of a list → the column by which it is due, and what is in it."""
ORDERS: Mapping[str, str] = {"due": "{due}", "waited": "seniority", "newest": "-seniority", "time": "booked"}
"""Order → what it goes by."""


def _page(box: str, order: str) -> Sql:
    """At most $4 rows of unit $1 after ($2, $3), due from $5 until before $6, of a field and a pathway if given."""
    due, which = BOXES[box]
    by = ORDERS[order].format(due=due)
    return Sql(
        f"SELECT {_ALL} FROM waiting WHERE unit = $1 AND {which} AND ({by}, period) > ($2, $3) "  # noqa: S608
        f"AND {due} >= $5 AND {due} < $6 AND ($7 = '' OR field = $7) AND ($8 = '' OR pathway = $8) "
        f"ORDER BY {by}, period LIMIT $4"
    )


def _tally(box: str) -> Sql:
    """How many rows such a list has."""
    due, which = BOXES[box]
    return Sql(
        f"SELECT count(*) FROM waiting WHERE unit = $1 AND {which} "  # noqa: S608
        f"AND {due} >= $2 AND {due} < $3 AND ($4 = '' OR field = $4) AND ($5 = '' OR pathway = $5)"
    )


LINES: Mapping[str, Sql] = {
    "waiting put": Sql(
        f"INSERT INTO waiting ({_ALL}) VALUES ({_MARKS}) ON CONFLICT (period) DO UPDATE SET {_SETS}"  # noqa: S608
    ),
    "waiting referral": Sql("INSERT INTO waiting_referral VALUES ($1, $2) ON CONFLICT DO NOTHING"),
    "waiting booked": Sql("UPDATE waiting SET booked = $2 WHERE period = $1"),
    "waiting of": Sql(f"SELECT {_ALL} FROM waiting WHERE period = $1"),  # noqa: S608
    "waiting of referral": Sql("SELECT period FROM waiting_referral WHERE referral = $1 ORDER BY period"),
    **{f"waiting {box} {order}": _page(box, order) for box in BOXES for order in ORDERS},
    **{f"waiting {box} tally": _tally(box) for box in BOXES},
    "waiting pathways": Sql(
        "SELECT DISTINCT pathway FROM waiting WHERE unit = $1 AND status IN (0, 1) AND pathway <> '' ORDER BY pathway"
    ),
    "waiting count": Sql(
        "SELECT status, count(*), count(booked), sum(CASE WHEN deadline < $2 THEN 1 ELSE 0 END), "
        "sum(CASE WHEN booked IS NULL AND deadline < $3 THEN 1 ELSE 0 END), sum($2 - seniority) "
        "FROM waiting WHERE unit = $1 AND status IN (0, 1) GROUP BY status"
    ),
    "waiting near": Sql(
        f"SELECT {_ALL} FROM waiting WHERE status = 1 AND deadline <= $1 AND (deadline, period) > ($2, $3) "  # noqa: S608
        "AND (booked IS NULL OR booked >= (deadline + 1) * 86400000000) ORDER BY deadline, period LIMIT $4"
    ),
    "waiting unbooked": Sql(
        f"SELECT {_ALL} FROM waiting WHERE unit = $1 AND status = 1 AND booked IS NULL "  # noqa: S608
        "ORDER BY deadline, period LIMIT $2"
    ),
    "clerical bodies": Sql(
        "SELECT rid, id FROM resource WHERE type = $1 AND deleted = 0 AND rid > $2 ORDER BY rid LIMIT $3"
    ),
    "clerical name": Sql("SELECT r.id FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = $1"),
}


def number(day: date | None) -> int | None:
    """Days since 1970."""
    return None if day is None else day.toordinal() - _EPOCH


def put(period: Period) -> list[Line]:
    """The lines that keep the waiting list in step with a period."""
    key = key64(f"EpisodeOfCare/{period.id}")
    row: list[Any] = [
        key, key64(period.unit), key64(period.patient), STATUS[period.status], number(period.seniority),
        number(period.received), number(period.assessed), number(period.deadline), None, number(period.ended),
        period.outcome, period.field, period.pathway, period.end,
    ]  # fmt: skip
    referrals = [Line("waiting referral", [key64(one), key]) for one in period.referrals]
    return [Line("waiting put", row), *referrals]


_STANDING = frozenset(("booked", "arrived", "checked-in", "fulfilled"))


def booked(appointments: Iterable[Mapping[str, Any]]) -> int | None:
    """When the patient is to come first, in microseconds; None without an appointment that stands."""
    starts = [one["start"] for one in appointments if one.get("status") in _STANDING and one.get("start")]
    return min((round(datetime.fromisoformat(one).timestamp() * 1_000) * 1_000 for one in starts), default=None)


def days(row: Sequence[Any]) -> dict[str, date | None]:
    """The days of a row, by column."""
    named = dict(zip(COLUMNS, row, strict=True))
    wanted = ("seniority", "received", "assessed", "deadline", "ended")
    return {name: None if named[name] is None else day_of(named[name]) for name in wanted}
