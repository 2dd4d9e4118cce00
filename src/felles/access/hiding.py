"""What verdicts leave closed, as the record's search leaves it out."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from felles.access.decision import Closed, Verdict
from felles.access.part import WHOLE
from felles.record.guard import Hidden
from felles.record.search.condition import Both, Condition, Either, Keys, Not, OfPatients

FEW = 16
"""Closed parts up to which each stands by itself; more are put together, so that a search stays one of bounded size."""
_Closed = tuple[int, Condition | None]


def hidden(verdicts: Mapping[int, Verdict]) -> tuple[Hidden, ...]:
    """The rows of these patients that are not there for the holder."""
    found = [
        (patient, _condition(one))
        for patient, verdict in verdicts.items()
        for one in (verdict.closed if verdict.allow else (Closed(WHOLE),))
    ]
    if len(found) <= FEW:
        return tuple(Hidden(patient, condition) for patient, condition in found)
    return tuple(Hidden(0, condition) for condition in _together(found))


def _together(found: list[_Closed]) -> Iterator[Condition]:
    """The same for many: single resources in one list, and the patients of whom the same is closed."""
    keys: set[int] = set()
    named: set[int] = set()
    patients: dict[Condition | None, set[int]] = defaultdict(set)
    for patient, condition in found:
        match condition:
            case Both((Keys() as alone,)):
                keys.update(alone.keys)
                named.add(patient)
            case _:
                patients[condition].add(patient)
    if keys:
        yield Both((OfPatients(frozenset(named)), Keys(tuple(sorted(keys)))))
    for part, whom in patients.items():
        of = OfPatients(frozenset(whom))
        yield of if part is None else Both((of, part))


def _condition(closed: Closed) -> Condition | None:
    """What is behind a lock, as search asks it; None for all of the record."""
    inside = closed.part.condition
    opened = [one for one in (part.condition for part in closed.opened) if one is not None]
    if not opened:
        return inside
    out = Not(Either(tuple(opened)))
    return out if inside is None else Both((inside, out))
