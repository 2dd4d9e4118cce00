"""create and conditional create: https://hl7.org/fhir/R4/http.html#create, #ccreate."""

from felles.record.condition import criterion
from felles.record.interaction.answer import location, only_one, preferred, written_answer
from felles.record.outcome import problem
from felles.record.prepare import new_id, prepare, receive
from felles.record.record import TRIES, Changed, Record
from felles.record.rest.message import Request, Response, parameters
from felles.record.store import Kind


async def create(record: Record, request: Request, type_name: str) -> Response:
    """A new resource under an id of the server; with If-None-Exist only if nothing matches."""
    write = prepare(receive(request.body, type_name), new_id(), Kind.CREATE, -1)
    condition = request.headers.get("if-none-exist")
    if condition is None:
        written = (await record.commit([write]))[0]
        return written_answer(record, request, type_name, write, written)
    for _ in range(TRIES):
        found = await record.matching(type_name, parameters(condition.partition("?")[2] or condition))
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
