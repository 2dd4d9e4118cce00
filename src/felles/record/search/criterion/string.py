"""Strings: the start of the text, without case and accents (https://hl7.org/fhir/R4/search.html#string)."""

from felles.record.index.term import Parameter
from felles.record.index.value import key64, normalise
from felles.record.search.condition import Condition, Texts, TextValue
from felles.record.search.escape import unescape, values

MODIFIERS = frozenset(("missing", "exact", "contains"))


def read(parameter: Parameter, modifier: str | None, text: str) -> Condition:
    """The condition."""
    of = {"exact": exactly, "contains": contains}.get(modifier or "", starts)
    return Texts(parameter.numbers, tuple(of(value) for value in values(text)))


def starts(text: str) -> TextValue:
    """A text that begins so."""
    return TextValue("start", normalise(unescape(text)))


def contains(text: str) -> TextValue:
    """A text that holds this somewhere."""
    return TextValue("part", normalise(unescape(text)))


def exactly(text: str) -> TextValue:
    """Just this text."""
    original = unescape(text)
    return TextValue("whole", normalise(original), key64(original))
