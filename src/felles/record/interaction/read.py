"""read and vread: https://hl7.org/fhir/R4/http.html#read, #vread."""

from felles.record.interaction import binary
from felles.record.interaction.answer import headers
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, not_modified
from felles.record.summary import shape, view


async def read(record: Record, request: Request, type_name: str, id: str) -> Response:
    """The current version; 304 when the client has it."""
    stored = await record.read(type_name, id)
    if type_name == "Binary" and binary.is_raw(request):
        return binary.content(request, stored)
    if not_modified(request, stored.number, stored.updated):
        return Response(304, b"", headers(stored))
    body = stored.body or b""
    wanted = shape(request) if request.query else None
    return Response(200, view(body, wanted) if wanted else body, headers(stored))


async def vread(record: Record, request: Request, type_name: str, id: str, number: str) -> Response:
    """One version."""
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise problem(404, "not-found", f"this {type_name} has no such version")
    stored = await record.version(type_name, id, int(number))
    if type_name == "Binary" and binary.is_raw(request):
        return binary.content(request, stored)
    wanted = shape(request) if request.query else None
    body = stored.body or b""
    return Response(200, view(body, wanted) if wanted else body, headers(stored))
