"""update, update as create, conditional update: https://hl7.org/fhir/R4/http.html#update, #upsert, #cond-update."""

from felles.record.condition import criterion
from felles.record.interaction.answer import only_one, written_answer
from felles.record.outcome import problem
from felles.record.prepare import new_id, prepare, receive
from felles.record.record import TRIES, Changed, Record
from felles.record.rest.message import Request, Response
from felles.record.store import Kind


def expected_version(request: Request) -> int:
    """What must be current: a version (If-Match), nothing (If-None-Match: *, -1), whatever is (0)."""
    if request.headers.get("if-none-match", "").strip() == "*":
        return -1
    return request.if_match


async def update(record: Record, request: Request, type_name: str, id: str) -> Response:
    """A new version of Type/id, which begins with it if it did not exist."""
    received = receive(request.body, type_name, base=record.base)
    given = received.resource.get("id")
    if given != id:
        raise problem(400, "value", "the id in the body and the id in the address must be the same", f"{type_name}.id")
    write = prepare(received, id, Kind.UPDATE, expected_version(request))
    written = (await record.commit([write]))[0]
    return written_answer(record, request, type_name, write, written)


async def update_matching(record: Record, request: Request, type_name: str) -> Response:
    """Updates the one match; creates when there is none."""
    received = receive(request.body, type_name, base=record.base)
    given = received.resource.get("id")
    for _ in range(TRIES):
        found = await record.matching(type_name, request.parameters)
        id = only_one(found.ids, type_name)
        if id is not None and given not in (None, id):
            raise problem(
                400, "value", "the id in the body is not the id of the resource that matches", f"{type_name}.id"
            )
        match = expected_version(request) if id else -1
        write = prepare(received, id or given or new_id(), Kind.UPDATE, match)
        try:
            written = (await record.commit([write], [criterion(type_name, found)]))[0]
        except Changed:
            continue
        return written_answer(record, request, type_name, write, written)
    raise problem(409, "conflict", "others keep changing what this condition asks; try again")
