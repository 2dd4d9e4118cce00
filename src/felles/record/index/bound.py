"""What the codes of a parameter may be: those that R4 binds as required
(https://hl7.org/fhir/R4/terminologies.html#required)."""

from collections.abc import Mapping
from functools import lru_cache

from felles.record import definition
from felles.record.index.branch import Branch
from felles.record.index.term import Parameter


@lru_cache(maxsize=4_096)
def bound(parameter: Parameter) -> Mapping[str, frozenset[str]]:
    """{system: codes} of the elements of type code that the parameter reads; empty where one of them is open."""
    found: dict[str, frozenset[str]] = {}
    for binding in parameter.bindings:
        for branch in binding.term.branches:
            systems = _systems(definition.type_name(binding.term.number // 256), branch)
            if systems is None:
                return {}
            for system, codes in systems.items():
                found[system] = found.get(system, frozenset()) | codes
    return found


def _systems(type_name: str, branch: Branch) -> Mapping[str, frozenset[str]] | None:
    """Of the one element that the branch ends at; None where it has no required binding."""
    at, element = type_name, None
    for step in branch.steps:
        if step[0] in ("one", "many"):
            element = next((one for one in definition.elements(at).values() if _has(one, step[1])), None)
            at = (element.content_path if element is not None else None) or at
    if element is None or element.binding is None:
        return None
    return definition.required_systems(element.binding.value_set.partition("|")[0])


def _has(element: definition.Element, member: str) -> bool:
    return any(name == member for name, _ in element.properties)
