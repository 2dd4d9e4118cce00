"""Where the index holds a condition: a table, the rows in it that hold, and how to ask about one resource."""

from collections.abc import Callable
from dataclasses import dataclass

from felles.record.search.condition import (
    Amount,
    Chained,
    Condition,
    Dates,
    Near,
    Paired,
    Present,
    Quantities,
    References,
    Selection,
    Texts,
    TextValue,
    Tokens,
)
from felles.record.search.sql import amount, interval, position
from felles.record.search.sql.dialect import Writing, terms

Keys = Callable[[Selection, Writing], str]
"""Writes the SELECT of the keys of a selection."""

_LAST = "\U0010ffff"
_MAX_ARMS = 60


@dataclass(frozen=True, slots=True)
class Source:
    """`arms` are conditions on a row {x} of `table`; a resource holds when it has a row in any of them.

    `unique`: at most one row per resource.
    `keyed`: with date and rid the whole key is given, so that asking about one resource is one step.
    """

    table: str
    arms: tuple[str, ...]
    unique: bool = False
    keyed: bool = False


def source(condition: Condition, writing: Writing, keys: Keys) -> Source | None:
    """The source of a condition, None for one that no single index table holds."""
    match condition:
        case Tokens():
            return _tokens(condition, writing)
        case References():
            arm = f"{terms('{x}.term', condition.terms)} AND {writing.among('{x}.target', condition.targets)}"
            one = len(condition.terms) == 1 and len(condition.targets) == 1
            return Source("reference_index", (arm,), one, True)
        case Chained():
            inner = keys(condition.inner, writing)
            arm = f"{terms('{x}.term', condition.terms)} AND {{x}}.target IN ({inner})"
            return Source("reference_index", (arm,))
        case Texts():
            return _texts(condition, writing)
        case Dates():
            spans = tuple(interval.arms(condition, terms("{x}.term", condition.terms), writing))
            return Source("date_index", spans, condition.single)
        case Quantities():
            found = [arm for one in condition.values for arm in amount.arms(one, condition.terms, writing)]
            return Source("quantity_index", _few(found))
        case Paired():
            return Source("composite_index", (_paired(condition, writing),))
        case Near():
            return Source("composite_index", (position.arm(condition, writing),))
        case Present():
            return Source(condition.table, (terms("{x}.term", condition.terms),))
        case _:
            return None


def _few(arms: list[str]) -> tuple[str, ...]:
    return tuple(arms) if len(arms) <= _MAX_ARMS else (" OR ".join(f"({arm})" for arm in arms),)


def _tokens(tokens: Tokens, writing: Writing) -> Source:
    term = terms("{x}.term", tokens.terms)
    coded = [(code, system) for code, system in tokens.values if code is not None]
    systems = [system for code, system in tokens.values if code is None and system is not None]
    arms = []
    if coded or not systems:
        arms.append(f"{term} AND {codes(coded, '{x}', writing)}")
    if systems:
        arms.append(f"{term} AND {writing.among('{x}.system', systems)}")
    one = len(tokens.terms) == 1 and len(coded) == 1 and not systems
    return Source("token_index", tuple(arms), one and coded[0][1] is not None, not systems)


def codes(wanted: list[tuple[int, int | None]], x: str, writing: Writing, suffix: str = "") -> str:
    """Code and system columns hold any of these."""
    code, system = f"{x}.code{suffix}", f"{x}.system{suffix}"
    among = writing.among(code, (one for one, _ in wanted))
    if all(one is None for _, one in wanted):
        return among
    if len(wanted) == 1:
        return f"{among} AND {system} = {writing.value(wanted[0][1])}"
    groups: dict[int | None, list[int]] = {}
    for key, of in wanted:
        groups.setdefault(of, []).append(key)
    if len(groups) == 1:
        return f"{among} AND {system} = {writing.value(wanted[0][1])}"
    pairs = []
    for of, keys in groups.items():
        pair = writing.among(code, keys)
        pairs.append(pair if of is None else f"({pair} AND {system} = {writing.value(of)})")
    return f"{among} AND ({' OR '.join(pairs)})"


def _texts(texts: Texts, writing: Writing) -> Source:
    term = terms("{x}.term", texts.terms)
    arms = [f"{term} AND {text(value, '{x}', writing)}" for value in texts.values]
    keyed = all(value.mode == "whole" for value in texts.values)
    return Source("text_index", _few(arms) or ("1 = 0",), keyed=keyed)


def text(value: TextValue, x: str, writing: Writing) -> str:
    """The value column holds this text."""
    if value.mode == "part":
        return writing.holds(f"{x}.value", value.text)
    if value.mode == "start":
        last = writing.value(value.text + _LAST)
        return f"{x}.value >= {writing.value(value.text)} AND {x}.value < {last}"
    exact = f" AND {x}.exact = {writing.value(value.exact)}" if value.exact is not None else ""
    return f"{x}.value = {writing.value(value.text)}{exact}"


def _paired(paired: Paired, writing: Writing) -> str:
    firsts = [(code, system) for code, system in paired.codes if code is not None]
    parts = [terms("{x}.term", paired.terms), codes(firsts, "{x}", writing)]
    match paired.second:
        case Amount():
            parts.append(amount.plain(paired.second, writing))
        case TextValue():
            parts.append(text(paired.second, "{x}", writing))
        case (Amount() as low, Amount() as high):
            parts += [_end(low, "low", writing), _end(high, "high", writing)]
        case (code, system) if code is not None:
            assert not isinstance(code, Amount) and not isinstance(system, Amount)  # noqa: S101
            parts.append(codes([(code, system)], "{x}", writing, "2"))
        case _:
            parts.append("1 = 0")
    return " AND ".join(parts)


def _end(one: Amount, column: str, writing: Writing) -> str:
    """One of two numbers that stand together, compared with a single column."""
    plain = amount.plain(one, writing).replace("{x}.low = {x}.high", "1 = 1").replace("{x}.low < {x}.high", "1 = 0")
    return plain.replace("{x}.low", "{x}.#").replace("{x}.high", "{x}.#").replace("#", column)
