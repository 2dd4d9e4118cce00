"""Two texts that grew from one: what each changed is kept, and where both changed the same, both stay. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Merged:
    """`both`: at some place both texts stand one after the other."""

    text: str
    both: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines `low` to `high` (exclusive) of the base become `lines`."""

    low: int
    high: int
    lines: tuple[str, ...]
    mine: bool


def merged(base: str, theirs: str, mine: str) -> Merged:
    """The text in which nothing of either is lost: of lines that only one changed, the changed ones; of lines that both
    changed differently, theirs and then mine."""
    if mine in (theirs, base):
        return Merged(theirs)
    if theirs == base:
        return Merged(mine)
    lines = base.split("\n")
    edits = sorted(
        [*_edits(lines, theirs.split("\n"), mine=False), *_edits(lines, mine.split("\n"), mine=True)],
        key=lambda one: (one.low, one.high, one.mine),
    )
    made: list[str] = []
    both, at = False, 0
    for group in _groups(edits):
        low, high = min(one.low for one in group), max(one.high for one in group)
        made += lines[at:low]
        sides = [_applied(lines, low, high, [one for one in group if one.mine is mine_]) for mine_ in (False, True)]
        touched = {one.mine for one in group}
        if len(touched) == 1:
            made += sides[touched.pop()]
        elif sides[0] == sides[1]:
            made += sides[0]
        else:
            made += [*sides[0], *(line for line in sides[1] if line not in sides[0])]
            both = True
        at = high
    return Merged("\n".join([*made, *lines[at:]]), both)


def _edits(base: Sequence[str], other: Sequence[str], *, mine: bool) -> list[_Edit]:
    codes = SequenceMatcher(None, base, other, autojunk=False).get_opcodes()
    return [_Edit(a, b, tuple(other[c:d]), mine) for tag, a, b, c, d in codes if tag != "equal"]


def _groups(edits: Sequence[_Edit]) -> list[list[_Edit]]:
    """Edits that touch each other belong together."""
    found: list[list[_Edit]] = []
    reach = -1
    for one in edits:
        if found and one.low <= reach:
            found[-1].append(one)
        else:
            found.append([one])
        reach = max(reach, one.high) if len(found[-1]) > 1 else one.high
    return found


def _applied(lines: Sequence[str], low: int, high: int, edits: Sequence[_Edit]) -> list[str]:
    made: list[str] = []
    at = low
    for one in edits:
        made += [*lines[at : one.low], *one.lines]
        at = one.high
    return [*made, *lines[at:high]]
