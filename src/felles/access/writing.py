"""What is said of a write: to who may not, and to the log."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from felles.access.audit import log, row
from felles.access.decision import Verdict
from felles.access.who import Who
from felles.record.guard import Act, Touch
from felles.record.outcome import Problem, problem
from felles.record.store import Line

_ACTS = {Act.CREATE: row.Act.CREATE, Act.UPDATE: row.Act.UPDATE, Act.DELETE: row.Act.DELETE}


def refused_type() -> Problem:
    """The same words whatever the type is and whether anything of it exists."""
    return problem(403, "forbidden", "your role or your app may not do this with this kind of resource")


def refused_call() -> Problem:
    return problem(403, "forbidden", "your role or your app may not call this operation")


def told(who: Who, touches: Sequence[Touch], verdicts: Mapping[int, Verdict], moment: int) -> list[Line]:
    """The log's rows of a write: one for each kind of act and type."""
    groups: dict[tuple[Act, str], list[Touch]] = defaultdict(list)
    for touch in touches:
        groups[touch.act, touch.type].append(touch)
    return [line for (act, name), group in groups.items() for line in _row(who, act, name, group, verdicts, moment)]


def _row(who: Who, act: Act, name: str, group: list[Touch], verdicts: Mapping[int, Verdict], moment: int) -> list[Line]:
    patients = frozenset(key for one in group for key in one.before | one.after)
    what = row.What(name, [one.id for one in group], len(group))
    why = row.Why(ground_of(verdicts, patients), purpose=who.purpose)
    return log.lines(row.row(moment, who, _ACTS[act], patients=patients, what=what, why=why))


def ground_of(verdicts: Mapping[int, Verdict], patients: frozenset[int]) -> str:
    """The grounds on which the records of these patients were open, as one text."""
    grounds = {found.ground for key in patients if (found := verdicts.get(key)) and found.ground}
    return ",".join(sorted(grounds))
