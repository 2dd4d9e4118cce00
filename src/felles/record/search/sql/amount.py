"""Conditions on numbers. Points stand under their term with low = high, intervals under the negative term; so both
are found by an index range."""

from felles.record.search.condition import Amount
from felles.record.search.sql.dialect import Writing


def arms(amount: Amount, numbers: tuple[int, ...], writing: Writing) -> list[str]:
    """The rows of quantity_index that hold, as conditions on {x}."""
    unit = _unit(amount, writing)
    found = []
    for number in numbers:
        for sign in (1, -1):
            for condition in _conditions(amount, sign > 0, writing):
                found.append(f"{{x}}.term = {number * sign} AND {condition}{unit}")
    return found


def _unit(amount: Amount, writing: Writing) -> str:
    system = f" AND {{x}}.system = {writing.value(amount.system)}" if amount.system is not None else ""
    code = f" AND {{x}}.code = {writing.value(amount.code)}" if amount.code is not None else ""
    return system + code


def _conditions(amount: Amount, point: bool, writing: Writing) -> list[str]:
    def number() -> str:
        return writing.value(amount.value)

    def low() -> str:
        return writing.value(amount.low)

    def high() -> str:
        return writing.value(amount.high)

    end = "low" if point else "high"
    match amount.prefix:
        case "gt":
            return [f"{{x}}.{end} > {number()}"]
        case "ge":
            return [f"{{x}}.{end} >= {number()}"]
        case "lt":
            return [f"{{x}}.low < {number()}"]
        case "le":
            return [f"{{x}}.low <= {number()}"]
        case "sa":
            return [f"{{x}}.low >= {high()}"]
        case "eb":
            return [f"{{x}}.{end} < {low()}"]
        case "ap":
            return [f"{{x}}.low <= {high()} AND {{x}}.{end} >= {low()}"]
        case "ne" if point:
            return [f"{{x}}.low < {low()}", f"{{x}}.low >= {high()}"]
        case "ne":
            return [f"({{x}}.low < {low()} OR {{x}}.high >= {high()})"]
        case "eq":
            return [f"{{x}}.low >= {low()} AND {{x}}.low < {high()} AND {{x}}.high < {high()}"]


def plain(amount: Amount, writing: Writing) -> str:
    """The same for a row {x} of composite_index, where points and intervals stand together."""
    point, wide = _conditions(amount, True, writing), _conditions(amount, False, writing)
    units = ""
    if amount.system is not None:
        units += f" AND {{x}}.system2 = {writing.value(amount.system)}"
    if amount.code is not None:
        units += f" AND {{x}}.code2 = {writing.value(amount.code)}"
    return f"(({{x}}.low = {{x}}.high AND ({' OR '.join(point)})) OR ({{x}}.low < {{x}}.high AND {wide[0]})){units}"
