"""JSON documents at the door: what is read, what is refused, and how decimals keep their text.

FHIR R4 JSON (https://hl7.org/fhir/R4/json.html): property names are unique, text is UTF-8, and decimals keep
their precision (https://hl7.org/fhir/R4/datatypes.html#decimal): `1.00` is not `1.0`.
"""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec
import orjson

from felles.record.outcome import Problem, problem

MAX_DEPTH = 100
MAX_EXPONENT = 308
MAX_PARTS = 4_000_000
"""Objects, arrays and their members: each takes many times its bytes in memory."""
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
INT64 = 1 << 63
_NESTING = frozenset((dict, list))


class Literal(Decimal):
    """A number whose text a plain int or Decimal would not give back, such as `1e2` or `-0`."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Literal":
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __deepcopy__(self, memo: object) -> "Literal":
        return self


def load(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, with decimals as floats: for validating and indexing, not for writing back.

    Problem 400 for anything that is not one well-formed object: invalid UTF-8 or syntax, trailing content,
    NaN, lone surrogates, numbers past a double, NUL characters, duplicate property names, nesting deeper
    than MAX_DEPTH. Problem 413 past MAX_PARTS.
    """
    reject_many(data)
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise refused(f"The body is not valid JSON: {error}") from None
    if type(document) is not dict:
        raise refused(f"The body is a JSON {kind(document)}, not an object")
    try:
        compact = orjson.dumps(document)
    except orjson.JSONEncodeError:
        raise refused(f"The body nests deeper than {MAX_DEPTH} levels") from None
    escapes = b"\\u00" in data
    if compact != data:
        reject_duplicates(data, compact, escapes)
    if escapes and b"\\u0000" in data and NUL.search(data):
        raise refused("The body has a NUL character (\\u0000) in a string")
    if compact.count(b"{") + compact.count(b"[") > MAX_DEPTH:
        reject_deep(document)
    return document


def reject_many(data: bytes) -> None:
    """Problem 413 when a large body is all structure: its commas and opening brackets are counted, unparsed."""
    if len(data) > MAX_PARTS and data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_PARTS:
        raise problem(413, "too-long", "The body has too many parts for one piece of JSON; split it")


def compact(data: bytes) -> bytes:
    """The same JSON without the space between its tokens; every string and number keeps its text.

    Raises msgspec.DecodeError for what is no JSON. Data without spaces after its first names is left as it is.
    """
    beginning = data[:64]
    return msgspec.json.format(data, indent=-1) if b"\n" in beginning or b'": ' in beginning else data


def reject_duplicates(data: bytes, compact: bytes, escapes: bool) -> None:
    """Refuse repeated property names, of which the parser kept only the last.

    Every lost property takes at least two quotation marks with it, so equal counts prove that none was lost:
    `compact` never has more of them than the whole of `data`, and the count for `data` is never too low.
    """
    quotes = data.count(b'"')
    if escapes:
        quotes += data.count(b"\\u0022")
    if quotes != compact.count(b'"'):
        json.loads(data, object_pairs_hook=unique)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict; Problem 400 when a name comes twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise refused(f"The property {twice[:100]!r} occurs more than once in the same object")
    return found


def reject_deep(document: Any) -> None:
    """Problem 400 when objects and arrays nest deeper than MAX_DEPTH."""
    level = [document] if type(document) in _NESTING else []
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) in _NESTING
        ]
    raise refused(f"The body nests deeper than {MAX_DEPTH} levels")


def parse(data: bytes | str) -> Any:
    """Any JSON value with every number exact: integers as int, the rest as Decimal (or Literal).

    Problem 400 for invalid JSON, a property name that comes twice, numbers past a double, or deep nesting.
    """
    reject_many(data if isinstance(data, bytes) else data.encode())
    try:
        found = json.loads(
            data,
            parse_float=exact,
            parse_int=whole,
            parse_constant=reject_constant,
            object_pairs_hook=unique,
        )
    except RecursionError:
        raise refused(f"The body nests deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise refused(f"The body is not valid JSON: {error}") from None
    reject_deep(found)
    return found


def exact(text: str) -> Decimal:
    number = Decimal(text)
    if number and number.adjusted() > MAX_EXPONENT:
        raise refused(f"The number {text[:40]} is infinity as a double")
    return number if str(number) == text else Literal(text)


def whole(text: str) -> int | Decimal:
    if len(text) > 18 or text == "-0":
        return Literal(text)
    return int(text)


def reject_constant(name: str) -> None:
    raise refused(f"The body is not valid JSON: {name} is no JSON number")


def serialise(value: Any, *, indented: bool = False) -> bytes:
    """`value` as JSON bytes; Decimals are written with the digits they were read with."""
    return orjson.dumps(value, default=number_text, option=orjson.OPT_INDENT_2 if indented else None)


def number_text(value: Any) -> orjson.Fragment:
    if isinstance(value, Literal):
        return orjson.Fragment(value.text)
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON value")


def kind(value: Any) -> str:
    """The JSON name of a Python value's type."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def refused(diagnostics: str) -> Problem:
    return problem(400, "structure", diagnostics)
