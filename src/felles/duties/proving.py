"""The counts of some units proven again from history, in the store and at one moment each: every number of every day is
added up from the entries once more, and what stands open is counted row by row. `reckoning` tells every duty again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from felles.access.who import Who
from felles.duties.calendar import day_of
from felles.duties.listing import units_of
from felles.duties.reading import Outside
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.store import Sql

_EACH = "(SELECT value FROM json_each($1))"
_EACH_REGION = "(SELECT value::int8 FROM json_array_elements_text($1::json))"
_FOUR = ("opened", "received", "closed", "handed")
_PLUS = ", ".join(_FOUR)
_MINUS = ", ".join(f"-{name} AS {name}" for name in _FOUR)
_OFF = " OR ".join(f"sum({name}) <> 0" for name in _FOUR)
_NET = "opened + received - closed - handed"


def _sql(text: str) -> Sql:
    return Sql(text, text.replace(_EACH, _EACH_REGION))


LINES: Mapping[str, Sql] = {
    "duties proven days": _sql(
        f"SELECT kind, unit, day FROM (SELECT kind, unit, day, {_PLUS} FROM duty_entry WHERE unit IN {_EACH} "  # noqa: S608
        f"UNION ALL SELECT kind, unit, day, {_MINUS} FROM duty_fold WHERE unit IN {_EACH} "
        f"UNION ALL SELECT kind, unit, day, {_MINUS} FROM duty_delta WHERE unit IN {_EACH}) AS told "
        f"GROUP BY kind, unit, day HAVING {_OFF} ORDER BY unit, kind, day LIMIT 100"
    ),
    "duties proven open": _sql(
        f"SELECT kind, unit FROM (SELECT kind, unit, {_NET} AS net, 0 AS rows, 0 AS total FROM duty_entry "  # noqa: S608
        f"WHERE unit IN {_EACH} UNION ALL SELECT kind, unit, 0, 1, 0 FROM duty WHERE state = 0 AND unit IN {_EACH} "
        f"UNION ALL SELECT kind, unit, 0, 0, open FROM duty_total WHERE unit IN {_EACH} "
        f"UNION ALL SELECT kind, unit, 0, 0, {_NET} FROM duty_delta WHERE unit IN {_EACH}) AS told "
        "GROUP BY kind, unit HAVING sum(net) <> sum(rows) OR sum(net) <> sum(total) ORDER BY unit, kind LIMIT 100"
    ),
    "duties proven sum": _sql(
        f"SELECT count(*), coalesce(sum(opened), 0), coalesce(sum(received), 0), coalesce(sum(closed), 0), "  # noqa: S608
        f"coalesce(sum(handed), 0) FROM duty_entry WHERE unit IN {_EACH}"
    ),
}


@dataclass(frozen=True, slots=True)
class Proven:
    """What was added up again, and (kind, unit's key, ISO day or empty) of what does not agree."""

    entries: int
    opened: int
    received: int
    closed: int
    handed: int
    faults: Sequence[tuple[int, int, str]]

    @property
    def open(self) -> int:
        """What the entries leave open."""
        return self.opened + self.received - self.closed - self.handed


async def prove(record: Record, who: Who) -> Proven:
    """The proof for the units in which somebody works."""
    read = Outside(record)
    units = [json.dumps([key64(one) for one in await units_of(record, who)])]
    days = [(kind, unit, day_of(day).isoformat()) for kind, unit, day in await read.ask("duties proven days", units)]
    standing = [(kind, unit, "") for kind, unit in await read.ask("duties proven open", units)]
    ((entries, opened, received, closed, handed),) = await read.ask("duties proven sum", units)
    return Proven(int(entries), int(opened), int(received), int(closed), int(handed), [*days, *standing])
