"""Uris and canonicals: equal, or above and below by their slashes (https://hl7.org/fhir/R4/search.html#uri)."""

from collections.abc import Iterator

from felles.record.index.leaf import uri_pair
from felles.record.index.term import Parameter
from felles.record.search.condition import Condition, Texts, TextValue
from felles.record.search.escape import unescape, values

MODIFIERS = frozenset(("missing", "above", "below"))


def read(parameter: Parameter, modifier: str | None, text: str) -> Condition:
    """The condition. A canonical without a version stands for all its versions."""
    of = {"above": _above, "below": _below}.get(modifier or "", _equal)
    return Texts(parameter.numbers, tuple(found for value in values(text) for found in of(unescape(value))))


def _equal(text: str) -> Iterator[TextValue]:
    address, exact = uri_pair(text)
    yield TextValue("whole", address, exact if "|" in text else None)


def _below(text: str) -> Iterator[TextValue]:
    yield from _equal(text)
    yield TextValue("start", text.rstrip("/") + "/")


def _above(text: str) -> Iterator[TextValue]:
    yield from _equal(text)
    scheme = text.find("://") + 3 if "://" in text else 0
    at = text.rfind("/", scheme)
    while at > scheme:
        yield from _equal(text[:at])
        yield from _equal(text[: at + 1])
        at = text.rfind("/", scheme, at)
