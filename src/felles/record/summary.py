"""Parts of a resource: `_summary` and `_elements` (https://hl7.org/fhir/R4/search.html#summary). Marked SUBSETTED."""

from dataclasses import dataclass
from typing import Any

from felles.record import definition, document
from felles.record.outcome import problem
from felles.record.rest.message import Request

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
MODES = ("true", "text", "data", "count", "false")
_ALWAYS = ("resourceType", "id", "meta", "implicitRules")


@dataclass(frozen=True, slots=True)
class Shape:
    """What part is wanted: a summary mode, or elements as plain names and as `Type.name`."""

    summary: str = "false"
    elements: frozenset[str] = frozenset()


def shape(request: Request) -> Shape | None:
    """The part that a request wants; None for the whole. Raises Problem 400."""
    summary, elements = request.wants("_summary"), request.wants("_elements")
    return shape_of(summary, elements)


def shape_of(summary: str | None, elements: str | None) -> Shape | None:
    """As `shape`, from the two parameters."""
    if summary is not None and summary not in MODES:
        raise problem(400, "value", f"_summary is one of {', '.join(MODES)}", "_summary")
    if elements:
        return Shape(elements=frozenset(name.strip() for name in elements.split(",")))
    return Shape(summary) if summary in ("true", "text", "data") else None


def view(body: bytes, wanted: Shape) -> bytes:
    """The wanted part of stored bytes; decimals keep their text."""
    return document.serialise(part(document.parse(body), wanted))


def part(resource: dict[str, Any], wanted: Shape) -> dict[str, Any]:
    """The wanted part of a resource, tagged as incomplete."""
    name = resource["resourceType"]
    if wanted.elements:
        kept = _elements(name, resource, wanted.elements)
    elif wanted.summary == "data":
        kept = {key: value for key, value in resource.items() if key != "text"}
    elif wanted.summary == "text":
        kept = _keep(resource, lambda key, element: key == "text" or (element is not None and element.min > 0))
    else:
        kept = _summarised(name, resource)
    meta = dict(kept.get("meta") or {})
    meta["tag"] = [*meta.get("tag", ()), SUBSETTED]
    return {"resourceType": name, "meta": meta, **{key: value for key, value in kept.items() if key != "meta"}}


def _elements(name: str, resource: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    def asked(key: str, element: definition.Element | None) -> bool:
        plain = element.name if element else key
        return (
            plain in wanted or f"{name}.{plain}" in wanted or bool(element and (element.min > 0 or element.is_modifier))
        )

    return _keep(resource, asked)


def _keep(resource: dict[str, Any], asked: Any) -> dict[str, Any]:
    known = definition.properties(resource["resourceType"])
    return {
        key: value
        for key, value in resource.items()
        if key in _ALWAYS or asked(key.lstrip("_"), known[name][0] if (name := key.lstrip("_")) in known else None)
    }


def _summarised(path: str, node: dict[str, Any]) -> dict[str, Any]:
    known = definition.properties(path)
    kept: dict[str, Any] = {}
    for key, value in node.items():
        name = key.lstrip("_")
        if key in _ALWAYS:
            kept[key] = value
        elif name in known and known[name][0].is_summary:
            element, ref = known[name]
            kept[key] = _inner(element.content_path, value) if ref.code == "BackboneElement" else value
    return kept


def _inner(path: str | None, value: Any) -> Any:
    if isinstance(value, list):
        return [_inner(path, item) for item in value]
    return _summarised(path, value) if path and isinstance(value, dict) else value
