"""String functions (http://hl7.org/fhirpath/N1/#string-manipulation) and those that later releases added."""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Callable
from typing import Any

from felles.record.fhirpath.context import Context
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.operator import MAX_TEXT, TEXT_PER_STEP, bounded
from felles.record.fhirpath.singleton import EMPTY, integer, text
from felles.record.fhirpath.value import Collection


def strings(name: str, calculate: Callable[..., Any], arguments: int = 0) -> None:
    """Register a function of strings: empty when its input or one of its arguments is."""

    @function(name, arguments)
    def call(context: Context, focus: Collection, *given: Collection) -> Collection:
        values = [text(items) for items in (focus, *given)]
        if None in values:
            return EMPTY
        context.spend(len(values[0] or "") // TEXT_PER_STEP)
        return result(calculate(*values))


def result(found: Any) -> Collection:
    if found is None:
        return EMPTY
    return found if type(found) is list else [found]


strings("startsWith", str.startswith, 1)
strings("endsWith", str.endswith, 1)
strings("contains", lambda value, part: part in value, 1)
strings("indexOf", str.find, 1)
strings("lastIndexOf", str.rfind, 1)
strings("upper", str.upper)
strings("lower", str.lower)
strings("length", len)
strings("toChars", list)
strings("trim", str.strip)


@function("substring", 1, 2)
def substring(context: Context, focus: Collection, start: Collection, length: Collection = EMPTY) -> Collection:
    value, begin, count = text(focus), integer(start), integer(length)
    if value is None or begin is None or not 0 <= begin < len(value):
        return EMPTY
    end = len(value) if count is None else begin + max(count, 0)
    return [value[begin:end]]


def replaced(value: str, pattern: str, substitution: str) -> str:
    count = value.count(pattern) if pattern else len(value) + 1
    if len(value) + count * (len(substitution) - len(pattern)) > MAX_TEXT:
        raise FhirPathError(f"A string of more than {MAX_TEXT} characters")
    return value.replace(pattern, substitution)


strings("replace", replaced, 2)
strings("split", lambda value, separator: value.split(separator) if separator else list(value), 1)


@function("join", 0, 1)
def join(context: Context, focus: Collection, separator: Collection = EMPTY) -> Collection:
    context.spend(len(focus))
    parts = [text([item]) or "" for item in focus]
    return [bounded((text(separator) or "").join(parts))] if focus else EMPTY


def encode(value: str, target: str) -> str:
    data = value.encode()
    match target:
        case "hex":
            return data.hex()
        case "base64":
            return base64.b64encode(data).decode()
        case "urlbase64":
            return base64.urlsafe_b64encode(data).decode()
    raise FhirPathError(f"There is no encoding {target!r}")


def decode(value: str, source: str) -> str | None:
    try:
        match source:
            case "hex":
                return bytes.fromhex(value).decode()
            case "base64":
                return base64.b64decode(value, validate=True).decode()
            case "urlbase64":
                return base64.b64decode(value, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    raise FhirPathError(f"There is no encoding {source!r}")


def escape(value: str, target: str) -> str:
    match target:
        case "html":
            return html.escape(value, quote=False).replace('"', "&quot;")
        case "json":
            return json.dumps(value, ensure_ascii=False)[1:-1]
    raise FhirPathError(f"There is no escaping for {target!r}")


def unescape(value: str, source: str) -> str | None:
    match source:
        case "html":
            return html.unescape(value)
        case "json":
            return unescape_json(value)
    raise FhirPathError(f"There is no escaping for {source!r}")


def unescape_json(value: str) -> str | None:
    """A JSON string's content; quotation marks that stand free are taken as they are."""
    try:
        found = json.loads(f'"{value}"')
    except ValueError:
        return value if "\\" not in value else None
    return found if type(found) is str else None


strings("encode", encode, 1)
strings("decode", decode, 1)
strings("escape", escape, 1)
strings("unescape", unescape, 1)
