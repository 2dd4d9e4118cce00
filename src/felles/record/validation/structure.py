"""The thorough examination of one resource: every element against its definition, with the place of each fault.

https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/validation.html. Done when the quick check of `schema`
does not accept; what is found here is what the client is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from felles.record import definition
from felles.record.definition import Element, TypeRef
from felles.record.outcome import Issue
from felles.record.validation import identifier, narrative, primitive, reference
from felles.record.validation.order import in_order, not_above

Json = Mapping[str, Any]
NESTED = "Resource"


@dataclass(frozen=True, slots=True)
class Nested:
    """A resource inside another one, to be examined by itself; `contained` when it stands in `contained`."""

    value: Any
    where: str
    contained: bool


class Examination:
    """One walk through one resource. `nested` are the resources inside, found on the way."""

    def __init__(self, contained: Mapping[str, str]) -> None:
        self.contained = contained
        self.nested: list[Nested] = []

    def resource(self, type_name: str, resource: Json, where: str) -> Iterator[Issue]:
        return self.object(type_name, {k: v for k, v in resource.items() if k != "resourceType"}, where)

    def object(self, path: str, value: Any, where: str) -> Iterator[Issue]:
        """A value of a type or backbone path."""
        if not isinstance(value, Mapping):
            yield Issue("structure", f"{_kind(value)} where an object is expected", where)
            return
        if not value.keys() - {"id"} and not definition.is_resource(path):
            yield Issue("invariant", "an element has a value or children (ele-1)", where)
        properties = definition.properties(path)
        for name, item in value.items():
            found = properties.get(name.removeprefix("_"))
            if found is None or (name[0] == "_" and not definition.is_primitive(found[1].code)):
                yield Issue("structure", f"{name[:64]!r} is not an element of {path}", f"{where}.{name[:64]}")
            elif name[0] == "_":
                yield from self.sibling(found[0], item, name, where)
            else:
                yield from self.member(*found, item, value.get(f"_{name}"), where)
        yield from self.cardinality(path, value, where)
        yield from self.content(path, value, where)

    def cardinality(self, path: str, value: Json, where: str) -> Iterator[Issue]:
        for element in definition.elements(path).values():
            names = [n for n, _ in element.properties if n in value or f"_{n}" in value]
            if not names and element.min:
                yield Issue("required", f"{element.name} is required here", f"{where}.{element.name}")
            elif len(names) > 1:
                yield Issue("structure", f"only one of {', '.join(names)} is allowed", f"{where}.{element.name}")

    def content(self, path: str, value: Json, where: str) -> Iterator[Issue]:
        """What a few datatypes demand beyond structure."""
        if path == "Identifier" and (wrong := identifier.fault(value)):
            yield Issue("value", wrong, f"{where}.value")
        elif path == "Extension" and ("extension" in value) == _has_value(value):
            yield Issue("invariant", "an extension has either a value or extensions, not both (ext-1)", where)
        elif path == "Period" and not in_order(value.get("start"), value.get("end")):
            yield Issue("invariant", "the period ends before it starts (per-1)", where)
        elif path == "Range" and not not_above(value.get("low"), value.get("high")):
            yield Issue("invariant", "the low of the range is above its high (rng-2)", where)

    def member(self, element: Element, ref: TypeRef, item: Any, beside: Any, where: str) -> Iterator[Issue]:
        place = f"{where}.{element.name}"
        if not element.repeats:
            yield from self.one(element, ref, item, place)
        elif not isinstance(item, list):
            yield Issue("structure", f"{_kind(item)} where an array is expected", place)
        elif not item:
            yield Issue("structure", "an array must not be empty", place)
        else:
            if element.max is not None and len(item) > element.max:
                yield Issue("structure", f"at most {element.max} are allowed", place)
            for index, one in enumerate(item):
                if one is not None or not _stands_beside(beside, index):
                    yield from self.one(element, ref, one, f"{place}[{index}]")

    def one(self, element: Element, ref: TypeRef, item: Any, where: str) -> Iterator[Issue]:
        if item is None:
            yield Issue("structure", "null is not allowed here", where)
        elif definition.is_primitive(ref.code):
            yield from self.primitive(element, ref, item, where)
        elif ref.code == NESTED:
            self.nested.append(Nested(item, where, element.name == "contained"))
        else:
            yield from self.object(element.content_path if not element.choice else ref.code, item, where)  # type: ignore[arg-type]
            if isinstance(item, Mapping):
                yield from self.bound(element, ref, item, where)

    def primitive(self, element: Element, ref: TypeRef, item: Any, where: str) -> Iterator[Issue]:
        wrong = primitive.fault(ref.code, item)
        if wrong is None and ref.code == "xhtml" and (refused := narrative.fault(item)):
            yield Issue("invariant", refused, where)
        elif wrong:
            yield Issue("value", wrong, where)
        elif ref.code == "code" and (codes := _required(element)) is not None and item not in codes:
            shown = ", ".join(sorted(codes)) if len(codes) <= 20 else f"one of {len(codes)} codes"
            yield Issue("code-invalid", f"{item[:80]!r} is not allowed here, allowed are {shown}", where)

    def bound(self, element: Element, ref: TypeRef, item: Json, where: str) -> Iterator[Issue]:
        """Reference targets, required bindings of concepts, and the profiles of datatypes that R4 itself uses."""
        if ref.code == "Reference":
            if wrong := reference.fault(item, ref.targets, self.contained):
                yield Issue(wrong.code, wrong.text, f"{where}.reference")
        elif "SimpleQuantity" in ref.profiles and "comparator" in item:
            yield Issue("invariant", "a comparator is not allowed here (sqty-1)", f"{where}.comparator")
        elif ref.code in ("CodeableConcept", "Coding") and not _concept_fits(element, ref, item):
            binding = element.binding.value_set if element.binding else ""
            yield Issue("code-invalid", f"no coding is from the required value set {binding}", where)

    def sibling(self, element: Element, item: Any, name: str, where: str) -> Iterator[Issue]:
        """`_name`: id and extensions of a primitive, or of each primitive in a list (json.html#primitive)."""
        place = f"{where}.{element.name}"
        if not element.repeats:
            yield from self.object("Element", item, place)
        elif not isinstance(item, list) or not item:
            yield Issue("structure", f"{name[:64]} must be an array that is not empty", place)
        else:
            for index, one in enumerate(item):
                if one is not None:
                    yield from self.object("Element", one, f"{place}[{index}]")


def _stands_beside(beside: Any, index: int) -> bool:
    return isinstance(beside, list) and index < len(beside) and isinstance(beside[index], Mapping)


def _has_value(extension: Json) -> bool:
    return any(name.lstrip("_").startswith("value") for name in extension)


def _required(element: Element) -> frozenset[str] | None:
    binding = element.binding
    return definition.required_codes(binding.value_set) if binding and binding.strength == "required" else None


def _concept_fits(element: Element, ref: TypeRef, item: Json) -> bool:
    binding = element.binding
    systems = definition.required_systems(binding.value_set) if binding else None
    if binding is None or binding.strength != "required" or systems is None:
        return True
    codings = item.get("coding", ()) if ref.code == "CodeableConcept" else (item,)
    if not isinstance(codings, list | tuple):
        return True
    return any(isinstance(c, Mapping) and c.get("code") in systems.get(str(c.get("system")), ()) for c in codings)


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", type(None): "null"}
    return names.get(type(value), "a number")
