"""The elements of a StructureDefinition as a tree of rules (https://hl7.org/fhir/R4/elementdefinition.html#id)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
_SLICE = re.compile(r":.*", re.DOTALL)


@dataclass(slots=True)
class Rule:
    """What a profile says of one element, or of one slice of it. `name` is without [x]; `element` as it stands."""

    name: str
    slice: str = ""
    element: Json = field(default_factory=dict)
    children: list["Rule"] = field(default_factory=list)

    def below(self, name: str, slice: str = "") -> "Rule":
        """The rule of a child; an empty one where the profile says nothing of it."""
        for child in self.children:
            if (child.name, child.slice) == (name, slice):
                return child
        self.children.append(Rule(name, slice))
        return self.children[-1]

    def slices(self, name: str) -> list["Rule"]:
        """The slices of a child."""
        return [child for child in self.children if child.name == name and child.slice]

    def valued(self, *prefixes: str) -> Any:
        """What fixed[x], pattern[x] or another choice of the element holds, or None."""
        return next((value for key, value in self.element.items() if key.startswith(prefixes)), None)

    @property
    def types(self) -> list[Json]:
        return list(self.element.get("type", ()))


def rules(structure: Json) -> Rule:
    """The tree of a differential, or of the snapshot where there is no differential."""
    elements = (structure.get("differential") or structure.get("snapshot") or {}).get("element", ())
    root = Rule(str(structure.get("type", "")))
    slices: dict[str, str] = {}
    for element in elements:
        _names_of_slices(element, slices)
        at = root
        for name, slice in _steps(element, slices):
            at = at.below(name, slice)
        at.element = element
    return root


def _names_of_slices(element: Json, slices: dict[str, str]) -> None:
    path = str(element.get("path", ""))
    slices.pop(path, None)
    if "sliceName" in element:
        slices[path] = str(element["sliceName"])


def _steps(element: Json, slices: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(name, slice) below the root: by the id, or where it does not go with the path by the slices before."""
    path = str(element.get("path", "")).split(".")
    stated = str(element.get("id", "")).split(".")
    if len(stated) == len(path) and _SLICE.sub("", stated[0]) == path[0]:
        for step in stated[1:]:
            name, _, slice = step.partition(":")
            yield name.removesuffix("[x]"), slice
        return
    for depth, name in enumerate(path[1:], 2):
        yield name.removesuffix("[x]"), slices.get(".".join(path[:depth]), "")
