"""Stored conformance resources by their canonical URL (https://hl7.org/fhir/R4/references.html#canonical)."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from felles.record import reading, search
from felles.record.outcome import Problem
from felles.record.store.transaction import Reading
from felles.record.terminology import Fetch

_LOCAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}\Z")


def newest(reader: Reading, given: Mapping[str, Any] | None = None) -> Fetch:
    """Fetches the newest stored resource of a type with a URL (or the one at `Type/id`) as plain data.

    `given` stands before those stored. Definitions are nobody's secret: they are read in the record's own name.
    """
    store = reading.Reader(reader)

    async def fetch(type_name: str, url: str) -> Mapping[str, Any] | None:
        if given is not None and (given.get("resourceType"), given.get("url")) == (type_name, url):
            return given
        if _LOCAL.match(url):
            return await _at(store, type_name, url)
        escaped = re.sub(r"([\\,|$])", r"\\\1", url)
        statement = search.compile(
            search.parse(type_name, [("url", escaped), ("_sort", "-_lastUpdated")]), store.dialect, 1
        )
        rows = [(row[0], row[1]) for row in await store.rows(statement.sql, statement.args)]
        return next((orjson.loads(one.body or b"{}") for one in await reading.by_rows(store, rows)), None)

    return fetch


async def _at(store: reading.Reader, type_name: str, address: str) -> Mapping[str, Any] | None:
    name, _, id = address.partition("/")
    if name != type_name:
        return None
    try:
        return orjson.loads((await reading.current(store, name, id)).body or b"{}")  # type: ignore[no-any-return]
    except Problem:
        return None
