"""Who is told next when a duty is not done: the substitute, the unit's leader, the region."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from felles.duties.calendar import NORWAY, Calendar
from felles.duties.deadline import Term, due


class Level(IntEnum):
    """How far up a duty has come. The owning unit stays the owner; each level adds somebody who sees it.

    OWNER: the person, or the unit's pool. SUBSTITUTE: the named substitute, or everybody in the unit. LEADER: the
    unit's leader. REGION: the top of the tree of units. The numbers stand in stores.
    """

    OWNER = 0
    SUBSTITUTE = 1
    LEADER = 2
    REGION = 3


@dataclass(frozen=True, slots=True)
class Step:
    """To whom, and how long after the due moment (or, `from_start`, after the opening)."""

    to: Level
    after: Term
    from_start: bool = False


Moments = tuple[tuple[int, int], ...]
"""(level, moment) of each step, in the order in which they are taken."""


def moments(steps: Sequence[Step], opened: int, due_at: int, calendar: Calendar = NORWAY) -> Moments:
    """When each step is taken; steps of one moment go from the lower level to the higher."""
    found = [(due(step.after, opened if step.from_start else due_at, calendar), int(step.to)) for step in steps]
    return tuple((level, moment) for moment, level in sorted(found))
