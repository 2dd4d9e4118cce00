"""What one evaluation knows: its resource, its variables, and how much work is left to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.node import Node, root
from felles.record.fhirpath.value import Collection

BUDGET = 1_000_000
SECONDS = 2.0
Resolve = Callable[[str], Mapping[str, Any] | None]
CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}


class Terminology:
    """What terminology functions ask. Answers are True, False, or None when it is not known."""

    def member_of(self, coded: Any, value_set: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept (as JSON) is in the value set."""
        raise NotImplementedError

    def subsumes(self, general: Any, special: Any) -> bool | None:
        """Whether the concept `general` is or includes `special`."""
        raise NotImplementedError


class Context:
    """One evaluation. `this` is the collection a path begins with; `index` and `total` belong to iteration."""

    __slots__ = (
        "budget", "deadline", "focus", "index", "now", "resolve", "terminology", "this", "total", "trace", "variables",
    )  # fmt: skip

    def __init__(
        self,
        focus: Node,
        variables: Mapping[str, Any] | None = None,
        resolve: Resolve | None = None,
        terminology: Terminology | None = None,
        trace: Callable[[str, Collection], None] | None = None,
        budget: int = BUDGET,
    ) -> None:
        self.focus = focus
        self.this: Collection = [focus]
        self.index: int | None = None
        self.total: Collection = []
        self.variables = variables or {}
        self.resolve = resolve
        self.terminology = terminology
        self.trace = trace
        self.now: datetime | None = None
        self.budget = budget
        self.deadline = monotonic() + SECONDS

    def spend(self, work: int) -> None:
        """Account for `work` items handled; FhirPathError when the evaluation has had its share."""
        self.budget -= work
        if self.budget < 0:
            raise FhirPathError("The expression needs more steps than it is allowed")
        if monotonic() > self.deadline:
            raise FhirPathError(f"The expression takes longer than {SECONDS:.0f} seconds")

    def moment(self) -> datetime:
        """Now, the same throughout one evaluation."""
        if self.now is None:
            self.now = datetime.now().astimezone()
        return self.now

    def resource(self) -> Node:
        """The resource that the focus lies in."""
        return next(node for node in self.focus.lineage() if is_resource(node) or node.parent is None)

    def root_resource(self) -> Node:
        """The resource that contains the resource that the focus lies in, or that resource itself."""
        found = self.resource()
        return found.parent if found.name == "contained" and found.parent is not None else found

    def variable(self, name: str) -> Collection:
        """The value of `%name` (http://hl7.org/fhir/R4/fhirpath.html#vars). FhirPathError when there is none."""
        if name in self.variables:
            return given(self.variables[name])
        if name in CONSTANTS:
            return [CONSTANTS[name]]
        if name.startswith("vs-"):
            return [f"http://hl7.org/fhir/ValueSet/{name[3:]}"]
        if name.startswith("ext-"):
            return [f"http://hl7.org/fhir/StructureDefinition/{name[4:]}"]
        match name:
            case "resource":
                return [self.resource()]
            case "rootResource":
                return [self.root_resource()]
            case "context":
                return [self.focus]
        raise FhirPathError(f"There is no variable %{name}")


def is_resource(node: Node) -> bool:
    return "Resource" in node.type.ancestors


def given(value: Any) -> Collection:
    """A variable's value as a collection: resources become nodes, None is empty."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [root(item) if isinstance(item, dict) and "resourceType" in item else item for item in items]
