"""history of an instance, a type, the system: https://hl7.org/fhir/R4/http.html#history."""

from urllib.parse import urlencode

from felles.record import history
from felles.record.history import Window
from felles.record.index.value import date_range
from felles.record.interaction.answer import entry_response
from felles.record.outcome import problem
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.rest.bundle import Link, bundle, entry
from felles.record.rest.message import Request, Response, number
from felles.record.store import Kind

DEFAULT_COUNT = 50
MAX_COUNT = 1_000
_KNOWN = ("_count", "_since", "_at", "_sort", "_before", "_after")
_SORTS = {"-_lastUpdated": False, "_lastUpdated": True, "none": False}
_METHODS = {Kind.CREATE: "POST", Kind.UPDATE: "PUT", Kind.DELETE: "DELETE"}


def window_of(request: Request) -> Window:
    """What part is asked for. Raises Problem 400 naming what may be asked."""
    asked: dict[str, str] = {}
    for name, value in request.parameters:
        if name not in _KNOWN:
            raise problem(400, "not-supported", f"a history takes {', '.join(_KNOWN[:4])}", name)
        asked[name] = value
    oldest = _SORTS.get(asked.get("_sort", "-_lastUpdated"))
    if oldest is None:
        raise problem(400, "value", f"a history is sorted by {' or '.join(_SORTS)}", "_sort")
    try:
        count = min(number(asked.get("_count", str(DEFAULT_COUNT))), MAX_COUNT)
        before = number(asked.get("_before", str(history.NEWEST)))
        after = number(asked.get("_after", "0"))
        since = date_range(asked["_since"])[0] if "_since" in asked else 0
        low, high = date_range(asked["_at"]) if "_at" in asked else (0, history.NEWEST)
    except (ValueError, OverflowError) as error:
        raise problem(400, "value", "_count is a whole number, _since and _at are dates or instants") from error
    if count < 1 or max(before, after) > history.NEWEST:
        raise problem(400, "value", "_count must be at least 1", "_count")
    return Window(count, before, after, oldest, since, low, high)


async def of_instance(record: Record, request: Request, type_name: str, id: str) -> Response:
    """All versions of one resource."""
    window = window_of(request)
    return _answer(record, request, window, await history.of_instance(record.reader, type_name, id, window))


async def of_type(record: Record, request: Request, type_name: str) -> Response:
    """All versions of one type."""
    window = window_of(request)
    return _answer(record, request, window, await history.of_type(record.reader, type_name, window))


async def of_system(record: Record, request: Request) -> Response:
    """All versions of everything."""
    window = window_of(request)
    return _answer(record, request, window, await history.of_type(record.reader, None, window))


def _answer(record: Record, request: Request, window: Window, found: history.History) -> Response:
    links = [Link("self", f"{record.base}/{request.path}" + (f"?{request.query}" if request.query else ""))]
    if found.following is not None:
        kept = [(name, value) for name, value in request.parameters if name not in ("_before", "_after")]
        ends = {"_after": found.following, "_before": found.end} if window.oldest else {"_before": found.following}
        query = urlencode([*kept, *((name, str(place)) for name, place in ends.items())])
        links.append(Link("next", f"{record.base}/{request.path}?{query}"))
    return bundle("history", [_entry(record, version) for version in found.versions], links)


def _entry(record: Record, version: Stored) -> bytes:
    status = 204 if version.kind is Kind.DELETE else 201 if version.number == 1 else 200
    url = version.type if version.kind is Kind.CREATE else version.address
    return entry(
        f"{record.base}/{version.address}",
        version.body,
        request={"method": _METHODS[version.kind], "url": url},
        response=entry_response(status, version),
    )
