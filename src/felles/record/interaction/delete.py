"""delete and conditional delete: https://hl7.org/fhir/R4/http.html#delete, #cdelete. A deletion is a version."""

from felles.record.condition import criterion
from felles.record.guard import Act
from felles.record.interaction.answer import only_one
from felles.record.outcome import problem
from felles.record.prepare import removal
from felles.record.record import TRIES, Changed, Record
from felles.record.rest.message import Request, Response, http_date
from felles.record.store import Written


def _gone(written: Written) -> Response:
    if not written.number:
        return Response(204)
    return Response(204, b"", {"etag": f'W/"{written.number}"', "last-modified": http_date(written.updated)})


async def delete(record: Record, request: Request, type_name: str, id: str) -> Response:
    """Deletes; again is no error (it is gone, as asked)."""
    written = (await record.commit([removal(type_name, id, request.if_match)]))[0]
    return _gone(written)


async def delete_matching(record: Record, request: Request, type_name: str) -> Response:
    """Deletes the one match; none is no error. Who may not delete such things is told so before it looks."""
    record.guard.may(Act.DELETE, type_name)
    for _ in range(TRIES):
        found = await record.matching(type_name, request.parameters)
        id = only_one(found.ids, type_name)
        if id is None:
            return Response(204)
        try:
            written = (await record.commit([removal(type_name, id, request.if_match)], [criterion(type_name, found)]))[
                0
            ]
        except Changed:
            continue
        return _gone(written)
    raise problem(409, "conflict", "others keep changing what this condition asks; try again")
