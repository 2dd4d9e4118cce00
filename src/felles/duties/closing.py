"""A unit closes: what it owed is the unit's above it, in the same transaction; where there is none, it cannot close."""

from collections.abc import Iterable
from typing import Any

from felles.duties.deed import moment_of
from felles.duties.duty import Duty, handed
from felles.duties.leaving import SHOWN_AT_ONCE
from felles.duties.owner import owner
from felles.duties.reading import named
from felles.duties.view import turn
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Line

REASON = "Enheten er lagt ned"


def _stands(unit: dict[str, Any] | None) -> bool:
    return unit is not None and unit.get("active") is not False


async def _close(woken: Woken, inside: Inside) -> Iterable[Deed]:
    if not _stands(woken.before) or _stands(woken.after):
        return []
    unit = f"Organization/{woken.id}"
    duties = [Duty.of(row) for row in await inside.ask("duty to move", [key64(unit)])]
    if not duties:
        return []
    above = await _above(inside, woken.after)
    if above is None:
        said = f"this unit owes {len(duties)} duties and no unit above it takes them: hand them on first"
        raise problem(409, "business-rule", said)
    now = moment_of(woken)
    holder = await owner(inside, above, None, None, now)
    deeds: list[Deed] = []
    for place, one in enumerate(duties):
        other = handed(one, now, holder, None, REASON)
        shown = place < SHOWN_AT_ONCE
        deeds += await turn(inside, other, named(above)) if shown else [Line("duty turn", other.row())]
    return deeds


async def _above(inside: Inside, unit: dict[str, Any] | None) -> str | None:
    """The unit above one that is closed but not deleted, if that one stands."""
    reference: str = ((unit or {}).get("partOf") or {}).get("reference", "")
    above = await inside.read("Organization", reference.partition("/")[2]) if reference else None
    return reference if _stands(above) else None


RULE = Rule("what a closed unit owed is the unit's above it", frozenset({"Organization"}), _close, imports=True)
