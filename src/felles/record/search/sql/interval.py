"""Date conditions (https://hl7.org/fhir/R4/search.html#prefix): exact predicates on a row's [low, high), the bounds
that let an index find them, and the same said of the carried date alone."""

from felles.record.index.value import DAY, NO_DATE
from felles.record.search.condition import Dates, Interval
from felles.record.search.sql.dialect import Writing

SPANS = {0: DAY, 1: 366 * DAY, 2: None}
"""The longest a row of this span may be; None: no limit."""


def predicate(interval: Interval, x: str, writing: Writing) -> str:
    """Whether the row `x` holds."""

    def low() -> str:
        return writing.value(interval.low)

    def high() -> str:
        return writing.value(interval.high)

    match interval.prefix:
        case "eq":
            return f"({x}.low >= {low()} AND {x}.high <= {high()})"
        case "ne":
            return f"({x}.low < {low()} OR {x}.high > {high()})"
        case "gt":
            return f"{x}.high > {high()}"
        case "lt":
            return f"{x}.low < {low()}"
        case "ge":
            return f"({x}.low >= {low()} OR {x}.high > {high()})"
        case "le":
            return f"({x}.low < {low()} OR {x}.high <= {high()})"
        case "sa":
            return f"{x}.low >= {high()}"
        case "eb":
            return f"{x}.high <= {low()}"
        case "ap":
            return f"({x}.low < {high()} AND {x}.high > {low()})"


def bounds(interval: Interval, span: int) -> tuple[int | None, int | None]:
    """The least `low` (inclusive) and the limit of `low` (exclusive) that a row of this span can have."""
    reach = SPANS[span]
    least = None if reach is None else interval.low - reach
    match interval.prefix:
        case "eq":
            return interval.low, interval.high
        case "gt" | "ge":
            return least, None
        case "sa":
            return interval.high, None
        case "lt" | "eb":
            return None, interval.low
        case "le":
            return None, interval.high
        case "ap":
            return least, interval.high
        case "ne":
            return None, None


def arms(dates: Dates, term: str, writing: Writing) -> list[str]:
    """The rows that hold, one condition on the row {x} per span."""
    return [_arm(dates, term, span, writing) for span in SPANS]


def _arm(dates: Dates, term: str, span: int, writing: Writing) -> str:
    parts = [term, f"{{x}}.span = {span}"]
    lows, highs = [], []
    for group in dates.groups:
        found = [bounds(one, span) for one in group]
        lows += [min(low for low, _ in found if low is not None)] if all(low is not None for low, _ in found) else []
        highs += [max(high for _, high in found if high is not None)] if all(h is not None for _, h in found) else []
        parts.append("(" + " OR ".join(predicate(one, "{x}", writing) for one in group) + ")")
    if lows:
        parts.append(f"{{x}}.low >= {writing.value(max(lows))}")
    if highs:
        parts.append(f"{{x}}.low < {writing.value(min(highs))}")
    return " AND ".join(parts)


def carried(dates: Dates, at: str, writing: Writing) -> str:
    """The condition on `at`.date, which is the row's low; the row itself is looked at only where low cannot tell."""
    return " AND ".join(
        "(" + " OR ".join(_carried(one, dates.terms[0], at, writing) for one in group) + ")" for group in dates.groups
    )


def _carried(interval: Interval, term: int, at: str, writing: Writing) -> str:
    date = f"{at}.date"
    known = f"{date} > {NO_DATE}"
    match interval.prefix:
        case "sa":
            return f"{date} >= {writing.value(interval.high)}"
        case "lt":
            return f"({known} AND {date} < {writing.value(interval.low)})"
        case "ge" | "gt":
            sure = interval.low if interval.prefix == "ge" else interval.high
            reaching, row = _reaching(interval, term, at, writing), _row(interval, term, at, writing)
            return f"({reaching} AND ({date} >= {writing.value(sure)} OR {row}))"
        case "eq" | "ap":
            low, high = bounds(interval, 0)
            least = f"{date} >= {writing.value(low)}" if interval.prefix == "eq" else known
            return f"({least} AND {date} < {writing.value(high)} AND {_row(interval, term, at, writing)})"
        case "le" | "eb":
            limit = writing.value(bounds(interval, 0)[1])
            return f"({known} AND {date} < {limit} AND {_row(interval, term, at, writing)})"
        case "ne":
            return f"({known} AND {_row(interval, term, at, writing)})"


def _row(interval: Interval, term: int, at: str, writing: Writing) -> str:
    x, spans = writing.alias("x"), ", ".join(map(str, SPANS))
    return (
        f"EXISTS (SELECT 1 FROM date_index {x} WHERE {x}.term = {term} AND {x}.span IN ({spans})"
        f" AND {x}.low = {writing.outer(at)}.date AND {x}.rid = {writing.outer(at)}.rid"
        f" AND {predicate(interval, x, writing)}{writing.fence})"
    )


def _reaching(interval: Interval, term: int, at: str, writing: Writing) -> str:
    """`date` is not before the first row that is long enough to reach the interval: what an index can start at."""
    x = writing.alias("x")
    parts = []
    for span, reach in SPANS.items():
        if reach is None or span:
            since = f" AND {x}.low >= {writing.value(interval.low - reach)}" if reach else ""
            parts.append(
                f"SELECT min({x}.low) AS least FROM date_index {x} WHERE {x}.term = {term} AND {x}.span = {span}{since}"
            )
        else:
            parts.append(f"SELECT {writing.integer(interval.low - reach)} AS least")
    return f"{at}.date >= (SELECT min(least) FROM ({' UNION ALL '.join(parts)}) {writing.alias('s')})"
