"""Bundles written around stored bytes: resources go in as they are, without being parsed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from felles.record.rest.message import Response


@dataclass(frozen=True, slots=True)
class Link:
    """Bundle.link."""

    relation: str
    url: str


def entry(full_url: str | None, body: bytes | None, **parts: dict[str, Any] | None) -> bytes:
    """Bundle.entry as JSON; `parts` are search, request, response."""
    fields = []
    if full_url:
        fields.append(b'"fullUrl":' + orjson.dumps(full_url))
    if body:
        fields.append(b'"resource":' + body)
    fields += [b'"%b":%b' % (name.encode(), orjson.dumps(part)) for name, part in parts.items() if part]
    return b"{" + b",".join(fields) + b"}"


def bundle(kind: str, entries: Sequence[bytes], links: Sequence[Link] = (), total: int | None = None) -> Response:
    """A Bundle of these entries."""
    fields = [b'{"resourceType":"Bundle","type":"%b"' % kind.encode()]
    if total is not None:
        fields.append(b'"total":%d' % total)
    if links:
        fields.append(b'"link":' + orjson.dumps([{"relation": link.relation, "url": link.url} for link in links]))
    if entries:
        fields.append(b'"entry":[' + b",".join(entries) + b"]")
    return Response(200, b",".join(fields) + b"}")
