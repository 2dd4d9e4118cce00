"""A FHIR request and its answer, free of any HTTP server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from felles.record.condition import version_of
from felles.record.outcome import Problem, operation_outcome, problem

JSON = "application/fhir+json; charset=utf-8"
Parameters = list[tuple[str, str]]


def parameters(query: str) -> Parameters:
    """Names and values of a query string, in order. Raises Problem 400 when there are too many or it is no UTF-8."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=500, errors="strict")
    except ValueError as error:
        raise problem(400, "invalid", "the query string has more than 500 parameters or is not UTF-8") from error


def number(text: str) -> int:
    """A whole number in ASCII digits alone. Raises ValueError."""
    if not text.isascii() or not text.isdigit():
        raise ValueError("no whole number")
    return int(text)


@dataclass
class Request:
    """One request. `path` is relative to the base, without a slash at its ends; header names are in lower case;
    `client` is the address it came from."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = "http://localhost/fhir"
    user: str = ""
    client: str = ""

    @cached_property
    def parameters(self) -> Parameters:
        """The query string's parameters without those that only shape the answer (`_format`, `_pretty`)."""
        return [(name, value) for name, value in parameters(self.query) if name not in ("_format", "_pretty")]

    @cached_property
    def prefer(self) -> dict[str, str]:
        """The Prefer header (RFC 7240) as name and value."""
        parts = (part.strip().partition("=") for part in self.headers.get("prefer", "").split(","))
        return {name.lower(): value.strip('"') for name, _, value in parts if name}

    @property
    def lenient(self) -> bool:
        """`Prefer: handling=lenient` (FHIR R4 search.html#errors)."""
        return self.prefer.get("handling") == "lenient"

    @cached_property
    def if_match(self) -> int:
        """The version of If-Match, 0 without one. Raises Problem 400 for what is no weak ETag of ours."""
        value = self.headers.get("if-match")
        return 0 if value is None or value.strip() == "*" else version_of(value)

    def wants(self, name: str) -> str | None:
        """The last value of a parameter that shapes the answer."""
        found = [value for key, value in parameters(self.query) if key == name]
        return found[-1] if found else None


@dataclass(slots=True)
class Response:
    """One answer. `body` is JSON as bytes; empty for none."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def render(resource: Mapping[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer that holds `resource`."""
    return Response(status, orjson.dumps(resource), headers or {})


def refusal(error: Problem) -> Response:
    """The OperationOutcome of a Problem."""
    return render(operation_outcome(error.issues), error.status, dict(error.headers))


def http_date(micros: int) -> str:
    """Last-Modified of a moment in microseconds (RFC 9110 §8.8.2)."""
    return _http_date(micros // 1_000_000)


@lru_cache(maxsize=16_384)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def not_modified(request: Request, number: int, updated: int) -> bool:
    """Conditional read (FHIR R4 http.html#cread): If-None-Match before If-Modified-Since. What is no ETag of ours
    does not match, and what is no date is ignored (RFC 9110 §13.1.3)."""
    etags = request.headers.get("if-none-match")
    if etags is not None:
        return any(etag.strip() in ("*", f'W/"{number}"', f'"{number}"') for etag in etags.split(","))
    try:
        moment = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
        return updated // 1_000_000 <= int(moment.timestamp())
    except (ValueError, OverflowError):
        return False
