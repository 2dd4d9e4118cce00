"""What a search asks, as plain data: parsed, checked, with keys and intervals in place of texts.

Nothing here knows SQL; `statement` makes it. Values of one parameter that are separated by commas are alternatives.
"""

from dataclasses import dataclass
from typing import Literal

from felles.record.search.sight import Sight

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
Terms = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Any of `values`, each (code key or None, system key or None); None is not compared.

    `rows` guesses how many resources one value gives.
    """

    terms: Terms
    values: tuple[tuple[int | None, int | None], ...]
    rows: int = 5_000


@dataclass(frozen=True, slots=True)
class TextValue:
    """`mode`: start (of the normalised text), part (contains), whole (equal). `exact`: key of the original, or None."""

    mode: Literal["start", "part", "whole"]
    text: str
    exact: int | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """Any of these texts; also uris and canonicals."""

    terms: Terms
    values: tuple[TextValue, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A prefix with the interval [low, high) that the searched date covers."""

    prefix: Prefix
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Dates:
    """Every group must hold by any of its intervals. `single`: a resource has at most one value, so that groups of
    several parameters may be asked of one row. `carried`: it is the date that all rows of the resource carry."""

    terms: Terms
    groups: tuple[tuple[Interval, ...], ...]
    single: bool = False
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A prefix with a number, the interval [low, high) of its precision, and unit keys (None: not compared)."""

    prefix: Prefix
    value: float
    low: float
    high: float
    system: int | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Quantities:
    """Any of these amounts."""

    terms: Terms
    values: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class References:
    """A reference to any of `targets` (keys). `subject`: the term is whom the type's resources are about."""

    terms: Terms
    targets: tuple[int, ...]
    subject: bool = False


@dataclass(frozen=True, slots=True)
class Chained:
    """A reference to any resource that `inner` selects."""

    terms: Terms
    inner: "Selection"
    subject: bool = False


@dataclass(frozen=True, slots=True)
class Reverse:
    """Some resource that `inner` selects refers here (_has). `subject`: by the term that says whom it is about."""

    terms: Terms
    inner: "Selection"
    subject: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """Any value at all in `table`."""

    terms: Terms
    table: str


@dataclass(frozen=True, slots=True)
class Paired:
    """Values inside one element (composite): a code, and a second part that is a code, amounts, a reference's key or
    the start of a text. `pair` is two numbers, the first held as low and the second as high."""

    terms: Terms
    codes: tuple[tuple[int | None, int | None], ...]
    second: "tuple[int | None, int | None] | Amount | TextValue | tuple[Amount, Amount]"


@dataclass(frozen=True, slots=True)
class Near:
    """A position within `kilometres` of a point in degrees."""

    terms: Terms
    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True, slots=True)
class Keys:
    """The resource itself is one of these (_id)."""

    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfType:
    """The resource is of one of these types (numbers)."""

    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfPatients:
    """It is about one of these patients (keys), or of no single one and names any of them."""

    patients: frozenset[int]


@dataclass(frozen=True, slots=True)
class Updated:
    """When the current version was written (_lastUpdated)."""

    values: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of one of these List resources (_list); `term` is List's item. `inner` selects those of the lists that
    may be seen (None: all)."""

    term: int
    lists: tuple[int, ...]
    inner: "Selection | None" = None


@dataclass(frozen=True, slots=True)
class Either:
    """Any of these."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Both:
    """All of these."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Seen:
    """The one who asks may see it."""

    sight: "Sight"


Indexed = Tokens | Texts | Dates | Quantities | References | Chained | Paired | Near
Condition = Indexed | Present | Reverse | Keys | OfType | OfPatients | Updated | Listed | Either | Both | Not | Seen


@dataclass(frozen=True, slots=True)
class Selection:
    """Resources of any of `types` for which all conditions hold. `rest`: more types than one."""

    types: tuple[str, ...]
    conditions: tuple[Condition, ...]
