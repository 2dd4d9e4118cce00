"""Numbers and quantities: a prefix, a number of some precision, a unit
(https://hl7.org/fhir/R4/search.html#number, #quantity).

Resources' own numbers are taken as exact: `5.4` finds what lies in [5.35, 5.45). gt, lt, ge and le compare with the
number itself, sa and eb with the interval.
"""

from felles.record.index.leaf import system_key
from felles.record.index.term import Parameter
from felles.record.index.value import number_range
from felles.record.search.condition import Amount, Condition, Quantities
from felles.record.search.criterion.date import prefixed
from felles.record.search.escape import split, unescape, values
from felles.record.search.refusal import invalid

MODIFIERS = frozenset(("missing",))
_LONGEST = 40


def read(name: str, parameter: Parameter, text: str) -> Condition:
    """The condition. Raises Problem 400."""
    return Quantities(parameter.numbers, tuple(amount(name, value) for value in values(text)))


def amount(name: str, text: str) -> Amount:
    """One value: `[prefix]number`, `number|system|code` or `number||code`."""
    number, *unit = split(text, "|")
    if len(unit) not in (0, 2):
        raise invalid(name, "a quantity is number, number|system|code or number||code")
    prefix, digits = prefixed(number)
    try:
        low, high = number_range(digits[:_LONGEST])
        value = float(digits[:_LONGEST])
    except (ValueError, OverflowError) as error:
        raise invalid(name, "this takes a number such as 5.4, with eq ne gt lt ge le sa eb ap") from error
    if prefix == "ap":
        low, high = value - abs(value) / 10, value + abs(value) / 10
    system, code = (unescape(part) for part in unit) if unit else ("", "")
    return Amount(prefix, value, low, high, system_key(system) if system else None, system_key(code) if code else None)
