"""Invariants by FHIRPath, on the element they hang on (https://hl7.org/fhir/R4/conformance-rules.html#constraints).

Part of the thorough examination: the structure is known to be right. Invariants are found by the elements that are
present, so that those of absent elements cost nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from felles.record import definition
from felles.record.definition import Invariant
from felles.record.fhirpath import FhirPathError, Node, compile, root
from felles.record.outcome import Issue
from felles.record.validation.component import says_it_once

ELSEWHERE = frozenset(
    {"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2", "per-1", "rng-2", "bdl-7"}
)
"""Checked by structure, containment, reference, narrative and bundle."""
CORRECTED: Mapping[str, str] = {
    "bdl-8": "fullUrl.empty() or fullUrl.contains('/_history/').not()",
    "que-7": "operator = 'exists' implies (answer is boolean)",
    "ras-2": "probability.empty() or (probability is decimal implies (probability as decimal) <= 100)",
}
"""Expressions as R5 has them, where those of R4 refuse what their own words allow."""
UNDECIDED = frozenset({"mdd-1", "inv-1"})
"""Comparisons of dates: no answer, because of different precision, is no fault."""

DECIDED: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {"obs-7": says_it_once}
"""Written by hand, where FHIRPath would take long."""


def expression_of(rule: Invariant) -> str:
    """The FHIRPath expression of an invariant."""
    return CORRECTED.get(rule.key, rule.expression)


def faults(resource: Mapping[str, Any], where: str, contained: Mapping[str, Any], *, warnings: bool) -> Iterator[Issue]:
    """The invariants that do not hold; those of severity warning only when asked for. `contained` is by id."""
    for node in _nodes(root(resource)):
        for rule in _rules_of(node):
            if (warnings or rule.severity == "error") and not _holds(rule, node, contained):
                place = where + node.location().removeprefix(node_root(node))
                severity = "error" if rule.severity == "error" else "warning"
                yield Issue("invariant", f"{rule.human} ({rule.key})", place, severity)


def node_root(node: Node) -> str:
    return node.location().partition(".")[0]


def _nodes(node: Node) -> Iterator[Node]:
    """A node and all below it, nested resources left out."""
    yield node
    for child in node.children():
        if not definition.is_resource(child.type.path):
            yield from _nodes(child)


def _rules_of(node: Node) -> tuple[Invariant, ...]:
    element = f"{node.parent.type.path}.{node.name}" if node.parent else ""
    return hanging_on(node.type.path, element)


@cache
def hanging_on(path: str, element: str) -> tuple[Invariant, ...]:
    """The invariants on a type or backbone path and on the element that has it."""
    found = {(rule.path, rule.key): rule for rule in (*stated_on(path), *stated_on(element))}
    return tuple(rule for rule in found.values() if rule.key not in ELSEWHERE)


@cache
def stated_on(path: str) -> tuple[Invariant, ...]:
    """The invariants stated on exactly this path; for a type those of its bases as well."""
    name, dot, _ = path.partition(".")
    found = [rule for rule in definition.invariants(name) if rule.path == path] if name else []
    above = "" if dot or not name else definition.base(name)
    return tuple(found) + (stated_on(above) if above else ())


def _holds(rule: Invariant, node: Node, contained: Mapping[str, Any]) -> bool:
    def resolve(reference: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = contained.get(reference[1:]) if reference.startswith("#") else None
        return found

    decide = DECIDED.get(rule.key)
    if decide is not None and isinstance(node.value, Mapping):
        return decide(node.value)
    try:
        expression = compile(expression_of(rule))
        if rule.key in UNDECIDED and rule.path in ("MedicationDispense", "Task"):
            return expression(node) != [False]
        return expression.test(node, resolve=resolve)
    except FhirPathError:
        return True  # the expression itself cannot be decided here
