"""What the index should hold of a resource, worked out slowly: the official expression of every search parameter run
by FHIRPath, and each element it gives turned into rows by its datatype
(https://hl7.org/fhir/R4/search.html#table)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from felles.record import definition, fhirpath
from felles.record.fhirpath import Node
from felles.record.index import Rows
from felles.record.index.term import Parameter
from felles.record.index.value import BEGINNING, FOREVER, date_range, key64, normalise

Row = tuple[Any, ...]
LITERAL = re.compile(r"^(?:https?://.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/.*)?$")
OPEN = 1.7e308


def resolve(reference: str) -> dict[str, Any] | None:
    """A resource of the type that the reference names: all that `resolve() is Patient` asks."""
    match = LITERAL.match(reference)
    known = match is not None and match[1] in definition.RESOURCE_TYPES
    return {"resourceType": match[1], "id": "any"} if match and known else None


def expected(parameter: definition.SearchParameter, resource: dict[str, Any]) -> set[Row]:
    """(table, ...) rows of one parameter, without term numbers."""
    found = fhirpath.compile(parameter.expression or "{}").nodes(resource, resolve=resolve)
    rows = {row for item in found for row in _rows(parameter.type, item)}
    if "resolve()" in (parameter.expression or ""):  # identifiers of references stand for the term, whatever its target
        return {row for row in rows if row[0] == "reference"}
    return rows


def actual(parameter: Parameter, rows: Rows) -> set[Row]:
    """The same from the extracted rows, by the parameter's terms."""
    numbers = set(parameter.numbers)
    if parameter.type == "reference":
        return {row for binding in parameter.bindings for row in _references(binding, rows)}
    if parameter.type == "token":
        texts = {("text", value, exact) for term, value, exact in rows.texts if term in numbers}
        typed = {("of-type", code) for term, code, _ in rows.tokens if -term in numbers}
        return {("token", code, system) for term, code, system in rows.tokens if term in numbers} | texts | typed
    if parameter.type in ("string", "uri"):
        return {("text", value, exact) for term, value, exact in rows.texts if term in numbers}
    if parameter.type == "date":
        return {("date", low, high) for term, _, low, high in rows.dates if term in numbers}
    if parameter.type == "special":
        return {("point", low, high) for term, _, _, low, high, *_ in rows.composites if term in numbers}
    return {("quantity", *row) for term, *row in rows.quantities if abs(term) in numbers}


def _references(binding: Any, rows: Rows) -> Iterator[Row]:
    kinds = {definition.type_number(name) for name in binding.targets}
    for term, key, kind in rows.references:
        if term == binding.term.number and (not kinds or kind in kinds):
            yield "reference", key, kind
    for term, code, system in rows.tokens:
        if term == binding.term.number and not kinds:
            yield "token", code, system


def _rows(kind: str, item: Any) -> Iterator[Row]:
    if not isinstance(item, Node):
        if kind == "token" and isinstance(item, bool):
            yield "token", _key(str(item).lower()), 0
        return
    name, value = item.type.name, item.value
    if name == "Extension" and isinstance(value, dict):
        yield from (row for inner in _children(item) for row in _rows(kind, inner))
    elif value is not None:
        maker = {"token": _token, "string": _string, "uri": _uri, "date": _date, "reference": _reference}
        maker |= {"number": _quantity, "quantity": _quantity, "special": _point}
        yield from maker[kind](name, value)


def _children(item: Node) -> list[Any]:
    return fhirpath.compile("value").nodes(item)


def _key(code: str) -> int:
    return key64(code.lower())


def _text(text: str | None) -> Iterator[Row]:
    if text:
        yield "text", normalise(text), key64(text)


def _token(name: str, value: Any) -> Iterator[Row]:
    if name == "CodeableConcept":
        for coding in value.get("coding", []):
            yield from _token("Coding", coding)
        yield from _text(value.get("text"))
    elif name == "Coding":
        if "code" in value:
            yield "token", _key(value["code"]), key64(value["system"]) if value.get("system") else 0
        yield from _text(value.get("display"))
    elif name in ("Identifier", "ContactPoint"):
        number = value.get("value")
        if number:
            yield "token", _key(number), key64(value["system"]) if value.get("system") else 0
        type_ = value.get("type", {}) if name == "Identifier" else {}
        for coding in type_.get("coding", []) if number else []:
            whole = f"{coding.get('system', '')}|{coding.get('code', '').lower()}|{number.lower()}"
            yield "of-type", key64(whole)
        yield from _text(type_.get("text"))
    elif isinstance(value, bool):
        yield "token", _key(str(value).lower()), 0
    elif isinstance(value, str) and name[0].islower() and not name.startswith(("date", "instant")):
        yield "token", _key(value), 0


def _string(name: str, value: Any) -> Iterator[Row]:
    if isinstance(value, str):
        yield from _text(value)
    parts = {
        "HumanName": ("family", "given", "prefix", "suffix", "text"),
        "Address": ("line", "city", "district", "state", "postalCode", "country", "text"),
    }
    for part in parts.get(name, ()):
        held = value.get(part, [])
        for text in held if isinstance(held, list) else [held]:
            yield from _text(text)


def _uri(name: str, value: str) -> Iterator[Row]:
    yield "text", value.split("|")[0][:512], key64(value)


def _date(name: str, value: Any) -> Iterator[Row]:
    if name in ("date", "dateTime", "instant"):
        yield "date", *date_range(value)
    elif name == "Period":
        low = date_range(value["start"])[0] if "start" in value else BEGINNING
        high = date_range(value["end"])[1] if "end" in value else FOREVER
        if "start" in value or "end" in value:
            yield "date", low, max(low, high)
    elif name == "Timing":
        found = [date_range(event) for event in value.get("event", [])]
        bounds = value.get("repeat", {}).get("boundsPeriod")
        found += [row[1:] for row in _date("Period", bounds)] if bounds else []
        if found:
            yield "date", min(low for low, _ in found), max(high for _, high in found)


def _quantity(name: str, value: Any) -> Iterator[Row]:
    if not isinstance(value, dict):
        if not isinstance(value, str | bool):
            yield "quantity", float(value), float(value), 0, 0
    elif name == "Range":
        ends = [value.get("low", {}), value.get("high", {})]
        if any("value" in end for end in ends):
            unit = next(end for end in ends if "value" in end)
            low, high = (float(end.get("value", other)) for end, other in zip(ends, (-OPEN, OPEN), strict=True))
            yield "quantity", low, high, _system(unit), _unit(unit)
    elif name == "Money" and "value" in value:
        amount = float(value["value"])
        yield "quantity", amount, amount, key64("urn:iso:std:iso:4217"), key64(value.get("currency", "")) or 0
    elif name != "SampledData" and "value" in value:
        amount = float(value["value"])
        comparator = value.get("comparator", "")
        low = -OPEN if comparator.startswith("<") else amount
        high = OPEN if comparator.startswith(">") else amount
        yield "quantity", low, high, _system(value), _unit(value)
        if value.get("unit") and value.get("code") and value["unit"] != value["code"]:
            yield "quantity", low, high, 0, key64(value["unit"])


def _system(quantity: dict[str, Any]) -> int:
    return key64(quantity["system"]) if quantity.get("system") else 0


def _unit(quantity: dict[str, Any]) -> int:
    unit = quantity.get("code") or quantity.get("unit")
    return key64(unit) if unit else 0


def _reference(name: str, value: Any) -> Iterator[Row]:
    if name == "Reference":
        text = value.get("reference")
        if text and not text.startswith("#"):
            match = LITERAL.match(text)
            known = match is not None and match[1] in definition.RESOURCE_TYPES
            yield "reference", key64(re.sub("/_history/.*", "", text)), definition.type_number(match[1]) if known else 0
        identifier = value.get("identifier", {})
        if identifier.get("value"):
            yield "token", _key(identifier["value"]), _system(identifier)
    elif isinstance(value, str):
        yield "reference", key64(value.split("|")[0]), 0
        yield "reference", key64(value), 0
    elif isinstance(value, dict) and value.get("id"):
        kind = definition.type_number(value["resourceType"])
        yield "reference", key64(f"{value['resourceType']}/{value['id']}"), kind


def _point(name: str, value: Any) -> Iterator[Row]:
    if "latitude" in value and "longitude" in value:
        yield "point", float(value["latitude"]), float(value["longitude"])
