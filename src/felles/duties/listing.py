"""Lists of duties that people sort and narrow: by kind, by due moment, in either direction, paged by key.

A list has as many rows as its count says; `mark` tells whether they have changed without telling what they are.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from felles.access.who import Who
from felles.duties.calendar import NORWAY
from felles.duties.duty import COLUMNS, Duty
from felles.duties.reading import Outside, names
from felles.duties.worklist import Page, rows
from felles.record.record import Record
from felles.record.store import Sql

DAYS = 14
"""How long what has been closed stands among what was closed lately."""
PAGE = 50
MOST = 10_000
"""Rows that are taken at once for an export or an act on many."""
FAR = 1 << 62


class Box(StrEnum):
    """Which list: one's own, a unit's, what nobody there has taken, what is late, what has come up to the leaders, what
    was closed lately."""

    MINE = "mine"
    UNIT = "unit"
    POOL = "pool"
    LATE = "late"
    TOLD = "told"
    CLOSED = "closed"


class Order(StrEnum):
    """By due moment or by when it was opened (of closed ones: closed), first or last first."""

    DUE = "due"
    DUE_LAST = "-due"
    OPENED = "opened"
    OPENED_LAST = "-opened"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `units`: keys of the units; `person`: the key of whose own list; `kind`: its number, 0 any;
    `until`: due at this moment at the latest; `now`: microseconds."""

    box: Box
    now: int
    units: frozenset[int] = frozenset()
    person: int = 0
    kind: int = 0
    until: int = FAR
    order: Order = Order.DUE

    @property
    def base(self) -> str:
        """The name of the list's statements; of one unit alone its index gives the rows in their order."""
        if self.box in (Box.MINE, Box.CLOSED):
            return self.box.value
        name = Box.TOLD if self.box is Box.TOLD else Box.UNIT
        return name.value if len(self.units) == 1 else f"{name.value} of many"

    @property
    def whose(self) -> int | str:
        """The key of the person or of the one unit, else those of all units."""
        if self.box is Box.MINE:
            return self.person
        many = self.box is Box.CLOSED or len(self.units) != 1
        return json.dumps(sorted(self.units)) if many else next(iter(self.units))

    @property
    def args(self) -> list[int | str]:
        """Whose, now, kind, due bound, whether in the pool only, the first day of what was closed."""
        until = min(self.until, self.now) if self.box is Box.LATE else self.until
        pool, since = int(self.box is Box.POOL), NORWAY.day_number(self.now) - DAYS
        return [self.whose, self.now, self.kind, until, pool, since]

    @property
    def whole(self) -> bool:
        """Whether nothing narrows the list."""
        return not self.kind and self.until == FAR


_ALL = ", ".join(f"d.{name}" for name in COLUMNS)
_EACH = "(SELECT value FROM json_each($1))"
_LATELY = f"(SELECT duty FROM duty_entry WHERE unit IN {_EACH} AND day >= CAST($6 AS bigint) AND act = 2)"  # noqa: S608
_OF = {
    "mine": "d.person = $1 AND d.state = 0 AND (d.until IS NULL OR d.until > $2)",
    "unit": "d.unit = $1 AND d.state = 0",
    "unit of many": f"d.unit IN {_EACH} AND d.state = 0",
    "told": "d.watch = $1 AND d.state = 0",
    "told of many": f"d.watch IN {_EACH} AND d.state = 0",
    "closed": f"d.unit IN {_EACH} AND d.state = 1 AND d.id IN {_LATELY}",
}
_NARROWED = (
    "(CAST($3 AS bigint) = 0 OR d.kind = $3) AND d.due <= CAST($4 AS bigint) AND (CAST($5 AS bigint) = 0 "
    "OR d.person IS NULL OR d.level >= 1 OR d.until <= CAST($2 AS bigint)) AND CAST($6 AS bigint) IS NOT NULL"
)
_COLUMN = {Order.DUE: "due", Order.DUE_LAST: "due", Order.OPENED: "opened", Order.OPENED_LAST: "opened"}


_ARRAY = "(SELECT value::int8 FROM json_array_elements_text($1::json))"


def _sql(text: str) -> Sql:
    """For PostgreSQL what is looked for is an array: of a subquery it would expect a hundred and read every row."""
    region = text.replace(f"IN {_LATELY}", f"= ANY (ARRAY{_LATELY})")
    return Sql(text, region.replace(f"IN {_EACH}", f"= ANY (ARRAY{_ARRAY})"))


def _column(base: str, order: Order) -> str:
    closed = base == "closed" and _COLUMN[order] == "opened"
    return "moment" if closed else _COLUMN[order]


def _listed(base: str, order: Order) -> Sql:
    column, last = _column(base, order), order in (Order.DUE_LAST, Order.OPENED_LAST)
    way, sign = ("DESC", "<") if last else ("ASC", ">")
    return _sql(
        f"SELECT {_ALL} FROM duty d WHERE {_OF[base]} AND {_NARROWED} AND (d.{column}, d.id) {sign} "  # noqa: S608
        f"(CAST($7 AS bigint), CAST($8 AS bigint)) ORDER BY d.{column} {way}, d.id {way} LIMIT $9"
    )


_NET = "opened + received - closed - handed"
_TABS = {
    Box.UNIT: f"coalesce(sum(open), 0) FROM (SELECT open FROM duty_total WHERE unit IN {_EACH} UNION ALL "  # noqa: S608
    f"SELECT {_NET} FROM duty_delta WHERE unit IN {_EACH} AND CAST($2 AS bigint) IS NOT NULL) AS counted",
    Box.LATE: f"count(*) FROM duty WHERE unit IN {_EACH} AND state = 0 AND due <= CAST($2 AS bigint)",
    Box.POOL: f"count(*) FROM duty WHERE unit IN {_EACH} AND state = 0 AND "
    "(person IS NULL OR level >= 1 OR until <= CAST($2 AS bigint))",
}
LINES: Mapping[str, Sql] = (
    {f"duties listed {base} {order}": _listed(base, order) for base in _OF for order in Order}
    | {f"duties counted {base}": _sql(f"SELECT count(*) FROM duty d WHERE {_OF[base]} AND {_NARROWED}") for base in _OF}  # noqa: S608
    | {f"duties on tab {box}": _sql(f"SELECT {text}") for box, text in _TABS.items()}
)


async def count(record: Record, wanted: Wanted) -> int:
    """How many rows a list has, with everything that narrows it. What stands open at a unit is the balance's number."""
    if wanted.whole and wanted.box in _TABS:
        found = await record.ask(f"duties on tab {wanted.box}", [json.dumps(sorted(wanted.units)), wanted.now])
    else:
        found = await record.ask(f"duties counted {wanted.base}", wanted.args)
    return int(found[0][0])


def mark(duties: Sequence[Duty]) -> str:
    """A word for some rows that is another one as soon as any of them is, and tells nothing of them."""
    told = ",".join(f"{one.id:x}.{one.turn:x}" for one in duties)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


async def found(
    record: Record, wanted: Wanted, after: tuple[int, int] | None = None, limit: int = PAGE
) -> Sequence[Duty]:
    """The duties of a list in their order, from the one after `after` on; nothing of them has been told to anybody."""
    start = -FAR if wanted.order in (Order.DUE, Order.OPENED) else FAR
    name = f"duties listed {wanted.base} {wanted.order}"
    got = await record.ask(name, [*wanted.args, *(after or (start, start)), limit])
    return [Duty.of(row) for row in got]


async def listed(
    record: Record, who: Who, wanted: Wanted, after: tuple[int, int] | None = None, limit: int = PAGE
) -> Page:
    """One page of a list as somebody may see it. Of units in which they do not work there is nothing."""
    wanted = replace(wanted, units=wanted.units & who.keys)
    got = await found(record, wanted, after, limit + 1)
    column = _column(wanted.base, wanted.order)
    further = (getattr(got[limit - 1], column), got[limit - 1].id) if len(got) > limit else None
    return Page(await rows(record, got[:limit], wanted.now, who), further)


async def units_of(record: Record, who: Who) -> list[str]:
    """The units in which somebody works, "Organization/x", the own one first."""
    known = await names(Outside(record), who.keys)
    own = who.role.unit if who.role else ""
    return sorted({one for one in known.values() if one.startswith("Organization/")}, key=lambda one: (one != own, one))
