"""create and conditional create: https://hl7.org/fhir/R4/http.html#create, #ccreate."""

from felles.record.condition import criterion
from felles.record.interaction.answer import location, only_one, preferred, written_answer
from felles.record.outcome import problem
from felles.record.prepare import new_id, prepare, receive
from felles.record.record import TRIES, Changed, Record
from felles.record.rest.message import Parameters, Request, Response, parameters
from felles.record.store import Kind


async def create(record: Record, request: Request, type_name: str) -> Response:
    """A new resource under an id of the server; under a condition only if nothing matches. The condition is
    If-None-Exist; some clients put it into the address instead, where it must not be lost."""
    write = prepare(receive(request.body, type_name, base=record.base), new_id(), Kind.CREATE, -1)
    condition = _condition(request)
    if condition is None:
        written = (await record.commit([write]))[0]
        return written_answer(record, request, type_name, write, written)
    for _ in range(TRIES):
        found = await record.matching(type_name, condition)
        existing = only_one(found.ids, type_name)
        if existing is not None:
            stored = await record.read(type_name, existing)
            answer = preferred(request, stored, 200)
            answer.headers["location"] = location(record, type_name, existing, stored.number)
            return answer
        try:
            written = (await record.commit([write], [criterion(type_name, found)]))[0]
        except Changed:
            continue
        return written_answer(record, request, type_name, write, written)
    raise problem(409, "conflict", "others keep changing what If-None-Exist asks; try again")


def _condition(request: Request) -> Parameters | None:
    header = request.headers.get("if-none-exist")
    if header is not None and request.parameters:
        raise problem(400, "invalid", "the condition stands in If-None-Exist or in the address, not in both")
    if header is not None:
        return parameters(header.partition("?")[2] or header)
    return request.parameters or None
