"""A part of a record: what a lock closes, an opening opens. Said once, asked of one resource or of many by SQL."""

from dataclasses import dataclass
from functools import cache

from felles.access.right import OF_PATIENTS, numbers
from felles.record import definition
from felles.record.index.leaf import code_key, system_key
from felles.record.index.term import parameters
from felles.record.search.condition import Both, Condition, Dates, Interval, Keys, Not, OfType, Tokens

_KNOWN = frozenset(definition.RESOURCE_TYPES)
UNDATED = frozenset(("Patient", "RelatedPerson", "Consent"))
"""Their dates are births or wishes, not care: a period never takes them."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a resource decides whether it lies in a part: type, key of "Type/id", labels (system, code) in
    meta.security, microseconds of the care (None: not known)."""

    type: str
    key: int
    labels: frozenset[tuple[str, str]] = frozenset()
    date: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """All of these together, each by any of its values; nothing said is the whole record. Care in [low, high); what has
    no date of care lies in no period."""

    types: frozenset[str] = frozenset()
    keys: frozenset[int] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()
    low: int | None = None
    high: int | None = None

    @property
    def whole(self) -> bool:
        return not (self.types or self.keys or self.labels or self.dated)

    @property
    def dated(self) -> bool:
        return self.low is not None or self.high is not None

    def holds(self, one: Traits) -> bool:
        """Whether a resource lies in this part."""
        if self.types and one.type not in self.types:
            return False
        if self.keys and one.key not in self.keys:
            return False
        if self.labels and self.labels.isdisjoint(one.labels):
            return False
        return not self.dated or self._in_period(one)

    def _in_period(self, one: Traits) -> bool:
        if one.date is None or one.type in UNDATED:
            return False
        return (self.low is None or self.low <= one.date) and (self.high is None or one.date < self.high)

    @property
    def condition(self) -> Condition | None:
        """The same for a search; None for the whole."""
        asked: list[Condition] = []
        if self.types:
            asked.append(OfType(tuple(sorted(numbers(self.types & _KNOWN)))))
        if self.keys:
            asked.append(Keys(tuple(sorted(self.keys))))
        if self.labels:
            asked.append(labelled(self.labels, self.types or OF_PATIENTS))
        if self.dated:
            asked += _period(self.low, self.high)
        return Both(tuple(asked)) if asked else None


WHOLE = Part()


def labelled(labels: frozenset[tuple[str, str]], types: frozenset[str] = OF_PATIENTS) -> Condition:
    """Resources of these types with any of these labels in meta.security."""
    values = tuple((code_key(code), system_key(system)) for system, code in sorted(labels))
    return Tokens(_security(types), values)


@cache
def _security(types: frozenset[str]) -> tuple[int, ...]:
    return tuple(sorted(number for name in types & _KNOWN for number in parameters(name)["_security"].numbers))


def _period(low: int | None, high: int | None) -> list[Condition]:
    """On the date that every row carries, which is where the care began."""
    groups = [(Interval("sa", low, low),)] if low is not None else []
    groups.append((Interval("lt", high, high),) if high is not None else (Interval("lt", _END, _END),))
    return [Dates((0,), tuple(groups), True, True), Not(OfType(tuple(sorted(numbers(UNDATED)))))]


_END = 1 << 62
"""Later than any date: only what has none is not before it."""
