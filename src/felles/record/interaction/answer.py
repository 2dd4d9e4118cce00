"""Answers that interactions share: a version with its headers, and what a write gives back."""

from typing import Any

from felles.record.outcome import Issue, operation_outcome, problem
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.rest.message import Request, Response, http_date, render
from felles.record.store import Kind, Write, Written
from felles.record.store.commit import instant


def headers(stored: Stored) -> dict[str, str]:
    """ETag and Last-Modified of a version."""
    return {"etag": stored.etag, "last-modified": http_date(stored.updated)}


def body_of(write: Write, written: Written) -> bytes:
    """The stored bytes of a write that has been committed."""
    return b"%b%d%b%b%b" % (write.head, written.number, write.middle, instant(written.updated), write.tail)


def location(record: Record, type_name: str, id: str, number: int) -> str:
    """The address of one version (http.html#create: Location)."""
    return f"{record.base}/{type_name}/{id}/_history/{number}"


def written_answer(record: Record, request: Request, type_name: str, write: Write, written: Written) -> Response:
    """201 or 200 with Location, ETag, Last-Modified and what Prefer asks for (http.html#ops)."""
    stored = Stored(type_name, write.id, written.number, written.updated, Kind(write.kind), body_of(write, written))
    answer = preferred(request, stored, 201 if written.created else 200)
    answer.headers["location"] = location(record, type_name, write.id, written.number)
    return answer


def preferred(request: Request, stored: Stored, status: int) -> Response:
    """The representation, nothing, or an OperationOutcome, as Prefer: return says."""
    wish = request.prefer.get("return", "representation")
    if wish == "minimal":
        return Response(status, b"", headers(stored))
    if wish == "OperationOutcome":
        done = "created" if status == 201 else "stored"
        issue = Issue("informational", f"{stored.type} {done} as version {stored.number}", severity="information")
        return render(operation_outcome([issue]), status, headers(stored))
    return Response(status, stored.body or b"", headers(stored))


def only_one(ids: list[str], type_name: str) -> str | None:
    """The one id a condition gave. Raises Problem 412 when there are several (http.html#cond-update)."""
    if len(ids) > 1:
        raise problem(412, "multiple-matches", f"the condition matches more than one {type_name}")
    return ids[0] if ids else None


def entry_response(status: int, stored: Stored | None, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """Bundle.entry.response."""
    response: dict[str, Any] = {"status": str(status)}
    if stored is not None:
        response["etag"] = stored.etag
        response["lastModified"] = instant(stored.updated).decode()
    return {**response, **(extra or {})}
