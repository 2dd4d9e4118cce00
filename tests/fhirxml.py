"""FHIR XML as the JSON it stands for (FHIR R4 xml.html, json.html), for suites that come as XML."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from felles.record import definition

FHIR = "{http://hl7.org/fhir}"
XHTML = "{http://www.w3.org/1999/xhtml}"
NUMBERS = {"integer": int, "positiveInt": int, "unsignedInt": int, "decimal": Decimal}


def read(path: Path) -> dict[str, Any]:
    """The resource in an XML file."""
    return resource(etree.parse(path).getroot())


def resource(element: etree._Element) -> dict[str, Any]:
    name = local(element)
    return {"resourceType": name, **content(element, name)}


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def content(element: etree._Element, path: str) -> dict[str, Any]:
    """The properties of a complex element whose definition lies at `path`."""
    found: dict[str, Any] = {name: value for name, value in element.attrib.items() if name in ("id", "url")}
    for child in element:
        if isinstance(child.tag, str):
            add(found, child, *definition.properties(path)[local(child)])
    return found


def add(found: dict[str, Any], child: etree._Element, element: Any, reference: Any) -> None:
    name = local(child)
    value, extra = converted(child, element, reference)
    if not element.repeats:
        found.update({name: value} if value is not None else {}, **({f"_{name}": extra} if extra else {}))
        return
    count = len(found.get(name, found.get(f"_{name}", [])))
    for key, part in ((name, value), (f"_{name}", extra)):
        if part is not None or key in found:
            found.setdefault(key, [None] * count).append(part)


def converted(child: etree._Element, element: Any, reference: Any) -> tuple[Any, Any]:
    """The JSON value, and the id and extensions of a primitive."""
    if child.tag == f"{XHTML}div":
        return etree.tostring(child, encoding="unicode", with_tail=False), None
    if reference.code == "Resource":
        return resource(child[0]), None
    if definition.is_primitive(reference.code):
        return primitive(child, reference.code)
    return content(child, below(element, reference)), None


def below(element: Any, reference: Any) -> str:
    """The path of a complex element's own definition."""
    return str(reference.code if element.choice else element.content_path)


def primitive(child: etree._Element, code: str) -> tuple[Any, Any]:
    text = child.get("value")
    extra = content(child, "Element")
    if text is None:
        return None, extra or None
    if code == "boolean":
        return text == "true", extra or None
    return NUMBERS.get(code, str)(text), extra or None
