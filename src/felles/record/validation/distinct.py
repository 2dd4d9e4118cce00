"""csd-1: the codes of a code system are unique (https://hl7.org/fhir/R4/codesystem.html#invs), as a schema keyword.

Code systems may hold tens of thousands of concepts; FHIRPath would take seconds.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def codes(concepts: Any) -> Iterator[Any]:
    """The codes of concepts and of the concepts below them."""
    for concept in concepts if isinstance(concepts, list) else ():
        if isinstance(concept, Mapping):
            yield concept.get("code")
            yield from codes(concept.get("concept"))


class CodesDistinct:
    """The keyword `codesDistinct`, on a CodeSystem."""

    def __init__(self, parent: Any, value: Any, path: Any) -> None:
        pass

    def validate(self, instance: Any) -> None:
        found = list(codes(instance.get("concept")))
        if len(found) != len(set(map(str, found))):
            raise ValueError("csd-1")
