"""How many resources a condition may leave: a small model that picks the index to begin with. Numbers are of a store
of a million resources; only their order matters."""

from felles.record.index.value import DAY
from felles.record.search.condition import (
    Chained,
    Condition,
    Dates,
    Either,
    Keys,
    Listed,
    Near,
    Paired,
    Present,
    Quantities,
    References,
    Reverse,
    Texts,
    TextValue,
    Tokens,
    Updated,
)
from felles.record.search.sql.interval import bounds

EVERYTHING = 1_000_000
PROMOTED = 20
_A_DAY = 300


def estimate(condition: Condition) -> int:
    """The guess; EVERYTHING for what no index answers."""
    match condition:
        case Keys():
            return len(condition.keys)
        case Tokens():
            wide = any(code is None for code, _ in condition.values)
            return 300_000 if wide else condition.rows * len(condition.values)
        case References():
            return (400 if condition.subject else 2_000) * len(condition.targets)
        case Chained():
            return _chained(condition)
        case Texts():
            return sum(map(_text, condition.values))
        case Dates():
            return _dates(condition)
        case Either():
            return min(EVERYTHING, sum(map(estimate, condition.conditions)))
        case _:
            return _FIXED.get(type(condition), EVERYTHING)


_FIXED: dict[type, int] = {
    Listed: 100,
    Near: 1_000,
    Paired: 2_000,
    Reverse: 5_000,
    Updated: 50_000,
    Quantities: 60_000,
    Present: 500_000,
}


def _chained(condition: Chained) -> int:
    inner = min((estimate(one) for one in condition.inner.conditions), default=EVERYTHING)
    return min(EVERYTHING, inner * 400)


def _text(value: TextValue) -> int:
    if value.mode == "part":
        return 400_000
    return 100 if value.mode == "whole" else max(100, 100_000 // int(10 ** min(len(value.text), 3)))


def _dates(dates: Dates) -> int:
    if not dates.groups:
        return EVERYTHING - 1
    alone = [group[0] for group in dates.groups if len(group) == 1]
    lows = [low for one in alone if (low := bounds(one, 0)[0]) is not None]
    highs = [high for one in alone if (high := bounds(one, 0)[1]) is not None]
    if not lows or not highs:
        return 300_000
    return max(50, min(300_000, (min(highs) - max(lows)) // DAY * _A_DAY))
