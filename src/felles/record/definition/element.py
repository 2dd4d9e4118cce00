"""One element of a type (https://hl7.org/fhir/R4/elementdefinition.html), as the rooms of the record need it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A permitted type. `targets` are resource type names for Reference and canonical ("Resource" is any)."""

    code: str
    targets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding to a value set: strength required, extensible, preferred or example; the URL without version."""

    strength: str
    value_set: str


@dataclass(frozen=True, slots=True)
class Invariant:
    """A constraint on the element at `path` (element path without [x]); severity error or warning."""

    path: str
    key: str
    severity: str
    human: str
    expression: str


@dataclass(frozen=True)
class Element:
    """An element by its name without [x]. `max` is None for *; `content_reference` is the path whose content it has."""

    path: str
    name: str
    min: int
    max: int | None
    types: tuple[TypeRef, ...]
    choice: bool
    binding: Binding | None
    content_reference: str | None
    is_summary: bool
    is_modifier: bool
    order: int
    short: str

    @cached_property
    def properties(self) -> tuple[tuple[str, TypeRef], ...]:
        """The JSON property names with their types: one, or one for each type of a choice (valueQuantity ...)."""
        if not self.choice:
            return ((self.name, self.types[0] if self.types else TypeRef("BackboneElement")),)
        return tuple((self.name + ref.code[0].upper() + ref.code[1:], ref) for ref in self.types)

    @property
    def repeats(self) -> bool:
        return self.max is None or self.max > 1

    @cached_property
    def content_path(self) -> str | None:
        """The key for `elements` of what lies below a single-typed element: a path for backbones, a type otherwise."""
        if self.content_reference:
            return self.content_reference
        code = self.types[0].code if self.types else ""
        return self.path if code in ("BackboneElement", "Element") else code or None


def element(parent: str, row: list[Any]) -> Element:
    """An Element from its row of the table."""
    name, low, high, types, choice, binding, content, flags, order, short = row
    return Element(
        path=f"{parent}.{name}",
        name=name,
        min=low,
        max=None if high < 0 else high,
        types=tuple(TypeRef(code, tuple(targets), tuple(profiles)) for code, targets, profiles in types),
        choice=bool(choice),
        binding=Binding(*binding) if binding else None,
        content_reference=content,
        is_summary=bool(flags & 1),
        is_modifier=bool(flags & 2),
        order=order,
        short=short,
    )
