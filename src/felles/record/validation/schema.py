"""JSON Schemas generated from the definitions: the quick check of a whole resource.

A schema accepts only what is certainly valid: structure, cardinality, primitive forms, required bindings, choices,
reference targets, and invariants as far as `sufficiency` reaches. It leaves the unusual (element ids, primitive
extensions in lists, period values of extensions ...) to the thorough examination, which alone refuses.
Nested resources (contained, Bundle.entry.resource ...) are plain objects here and are checked by themselves.
"""

from collections.abc import Iterable
from typing import Any

import jsonschema_rs

from felles.record import definition
from felles.record.definition import Element, TypeRef
from felles.record.validation import identifier, narrative, primitive
from felles.record.validation.component import SaysItOnce
from felles.record.validation.distinct import CodesDistinct
from felles.record.validation.internal import internal_format
from felles.record.validation.invariant import expression_of, stated_on
from felles.record.validation.order import KEYWORDS
from felles.record.validation.sufficiency import every, sufficient

Schema = dict[str, Any]
NEVER: Schema = {"not": {}}
_ID = "[A-Za-z0-9.-]{1,64}"
_KEYWORDS: dict[str, Schema] = {
    "csd-1": {"codesDistinct": True},
    "obs-7": {"anyOf": [{"not": {"required": ["component"]}}, {"saysItOnce": True}]},
}
_USUAL = frozenset(
    f"value{name[0].upper()}{name[1:]}"
    for name in (
        *(name for name in definition.DATATYPES if definition.is_primitive(name)),
        *("Address", "Attachment", "CodeableConcept", "Coding", "ContactPoint", "HumanName", "Identifier"),
        *("Money", "Period", "Quantity", "Reference"),
    )
)
"""Extension values that are worth a place in every schema."""
_STRUCTURAL = ("ele-1", "ext-1")  # said by the structure of the schema
_ELSEWHERE = ("dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2")  # internal.py, narrative.py


def validator(type_name: str) -> jsonschema_rs.Draft4Validator:
    """The compiled schema of one resource type."""
    made = _Generator()
    schema = {"$ref": made.resource(type_name), "definitions": made.definitions}
    return jsonschema_rs.Draft4Validator(
        schema,
        formats={"narrative": narrative.is_safe, **identifier.FORMATS, **made.formats},
        validate_formats=True,
        keywords={**KEYWORDS, "codesDistinct": CodesDistinct, "saysItOnce": SaysItOnce},
        pattern_options=jsonschema_rs.RegexOptions(),
    )


class _Generator:
    """Definitions of one schema, made as they are needed."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self.formats: dict[str, Any] = {}
        self.names: dict[str, str] = {}

    def resource(self, type_name: str) -> str:
        reference = self.path(type_name)
        schema = self.definitions[reference.rpartition("/")[2]]
        schema["properties"]["resourceType"] = {"enum": [type_name]}
        schema["required"] = [*schema.get("required", ()), "resourceType"]
        return reference

    def path(self, path: str) -> str:
        """The $ref of a type or backbone path."""
        return self.shared(path, lambda: _extension(self) if path == "Extension" else self.object(path))

    def shared(self, key: str, build: Any) -> str:
        name = self.names.get(key)
        if name is None:
            name = self.names[key] = f"d{len(self.names)}"
            self.definitions[name] = {}
            self.definitions[name].update(build())
        return f"#/definitions/{name}"

    def object(self, path: str) -> Schema:
        elements = definition.elements(path)
        schema: Schema = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {},
        }
        for element in elements.values():
            schema["properties"].update(self.members(path, element))
        required = [e.name for e in elements.values() if e.min and not e.choice]
        if required:
            schema["required"] = required
        conditions = [c for e in elements.values() if e.choice for c in exclusive(e)]
        conditions += [c for c in rules(path) if c]
        if path == "Identifier":
            conditions.append(identifier.condition())
        if conditions:
            schema["allOf"] = conditions
        return schema

    def members(self, path: str, element: Element) -> Iterable[tuple[str, Schema]]:
        if element.name == "id" and not definition.is_resource(path):
            return
        for name, ref in element.properties:
            if path == "Extension" and element.choice and name not in _USUAL:
                continue
            one = self.value(element, ref)
            yield name, repeated(element, one) if element.repeats else one
            if definition.is_primitive(ref.code) and not element.repeats and not element.choice:
                yield f"_{name}", {"$ref": self.shared("sibling", self.sibling)}

    def sibling(self) -> Schema:
        """What stands beside a primitive: extensions only."""
        extensions = {"type": "array", "minItems": 1, "items": {"$ref": self.path("Extension")}}
        properties = {"extension": extensions}
        return {"type": "object", "required": ["extension"], "properties": properties, "additionalProperties": False}

    def value(self, element: Element, ref: TypeRef) -> Schema:
        own = on_element(element, ref)
        schema = self.of_type(element, ref)
        return {"allOf": [schema, *own]} if own else schema

    def of_type(self, element: Element, ref: TypeRef) -> Schema:
        if element.content_reference:
            return {"$ref": self.path(element.content_reference)}
        if ref.code in ("BackboneElement", "Element"):
            return {"$ref": self.path(element.path)}
        if ref.code == "Resource":
            return {"type": "object"}
        if ref.code == "Reference":
            targets = tuple(sorted(ref.targets)) or ("Resource",)
            return {"$ref": self.shared("Reference " + " ".join(targets), lambda: self.reference(targets))}
        if definition.is_primitive(ref.code):
            return self.primitive(element, ref)
        if ref.code == "Quantity" and "SimpleQuantity" in ref.profiles:
            return {"allOf": [{"$ref": self.path("Quantity")}, {"not": {"required": ["comparator"]}}]}
        return self.bound(element, {"$ref": self.path(ref.code)}, ref.code)

    def primitive(self, element: Element, ref: TypeRef) -> Schema:
        if ref.code == "code" and element.binding and element.binding.strength == "required":
            codes = definition.required_codes(element.binding.value_set)
            if codes is not None:
                return {"enum": sorted(codes)}
        return {"$ref": self.shared(ref.code, lambda: primitive.schema(ref.code))}

    def bound(self, element: Element, schema: Schema, code: str) -> Schema:
        """A required binding of a concept: one of its codings comes from the value set."""
        binding = element.binding
        systems = definition.required_systems(binding.value_set) if binding else None
        if binding is None or binding.strength != "required" or systems is None:
            return schema
        coding = {"anyOf": [_coding(system, codes) for system, codes in systems.items()]}
        if code == "Coding":
            return {"allOf": [schema, coding]}
        member: Schema = {"required": ["coding"], "properties": {"coding": {"not": {"items": {"not": coding}}}}}
        return {"allOf": [schema, member]} if code == "CodeableConcept" else schema

    def reference(self, targets: tuple[str, ...]) -> Schema:
        """A Reference to these types (references.html#literal); `#id` is looked up among the contained resources."""
        schema = self.object("Reference")
        internal = "internal " + " ".join(targets)
        self.formats[internal] = internal_format(targets)
        names = "|".join(definition.RESOURCE_TYPES if "Resource" in targets else targets)
        literal = f"(?:https?://[^ ?#]+/)?(?:{names})/{_ID}(?:/_history/{_ID})?"
        outside = f"urn:uuid:[0-9a-fA-F-]{{36}}|urn:oid:[0-9.]+|{literal}"
        text = {"type": "string", "pattern": f"^(?:{outside})$"}
        inside = {"type": "string", "pattern": "^#", "format": internal}
        schema["properties"]["reference"] = {"anyOf": [text, inside]}
        schema["properties"]["type"] = NEVER
        return schema


def _coding(system: str, codes: Iterable[str]) -> Schema:
    properties = {"system": {"enum": [system]}, "code": {"enum": sorted(codes)}}
    return {"required": ["system", "code"], "properties": properties}


def _extension(made: _Generator) -> Schema:
    """`url` and one more: a value or extensions (ext-1). Rarer types of value are left out."""
    schema = made.object("Extension")
    del schema["allOf"]
    return {**schema, "minProperties": 2, "maxProperties": 2}


def repeated(element: Element, one: Schema) -> Schema:
    limit = {} if element.max is None else {"maxItems": element.max}
    return {"type": "array", "minItems": max(1, element.min), "items": one, **limit}


def exclusive(element: Element) -> Iterable[Schema]:
    """At most one of a choice, and one if it is required."""
    each: list[Schema] = [{"required": [name]} for name, _ in element.properties]
    if element.min:
        yield {"oneOf": each}
    elif len(each) > 1:
        yield {"oneOf": [{"not": {"anyOf": each}}, *each]}


def rules(path: str) -> Iterable[Schema]:
    """The invariants on a type (those of its bases too) or a backbone path, as sufficient schemas."""
    for rule in stated_on(path):
        if rule.severity == "error" and rule.key not in _STRUCTURAL + _ELSEWHERE:
            found = _KEYWORDS.get(rule.key) or sufficient(path, expression_of(rule))
            yield NEVER if found is None else found


def on_element(element: Element, ref: TypeRef) -> list[Schema]:
    """Invariants stated on an element that is neither a type nor a backbone: Organization.telecom, for one."""
    if element.content_path == element.path or element.content_reference:
        return []
    rules = [r for r in stated_on(element.path) if r.severity == "error" and r.key not in _STRUCTURAL + _ELSEWHERE]
    found = every(sufficient(ref.code, expression_of(rule)) for rule in rules)
    return [NEVER] if found is None else [found] if found else []
