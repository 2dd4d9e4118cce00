"""patch: https://hl7.org/fhir/R4/http.html#patch (JSON Patch, FHIRPath Patch, both conditional too)."""

from felles.record.condition import criterion
from felles.record.interaction.answer import only_one, written_answer
from felles.record.outcome import Problem, problem
from felles.record.prepare import prepare, receive
from felles.record.record import TRIES, Changed, Record
from felles.record.rest.message import Request, Response
from felles.record.store import Criterion, Kind


async def patch(record: Record, request: Request, type_name: str, id: str, *criteria: Criterion) -> Response:
    """Patches the current version. Without If-Match a version that came in between is patched instead."""
    for _ in range(TRIES):
        if request.if_match and request.if_match != (current := (await record.read(type_name, id)).number):
            raise problem(412, "conflict", f"version {current} is current, not the one in If-Match")
        raw, number = await record.patched(type_name, id, request.body, request.headers.get("content-type", ""))
        if request.if_match not in (0, number):
            continue
        received = receive(raw, type_name, base=record.base)
        if received.resource.get("id") != id:
            raise problem(422, "business-rule", "a patch must not change the id", f"{type_name}.id")
        write = prepare(received, id, Kind.UPDATE, number)
        try:
            written = (await record.commit([write], criteria))[0]
        except Problem as error:
            if error.status == 412 and not request.if_match:
                continue
            raise
        return written_answer(record, request, type_name, write, written)
    raise problem(409, "conflict", "others keep changing this resource; try again")


async def patch_matching(record: Record, request: Request, type_name: str) -> Response:
    """Patches the one match of a condition."""
    for _ in range(TRIES):
        found = await record.matching(type_name, request.parameters)
        id = only_one(found.ids, type_name)
        if id is None:
            raise problem(404, "not-found", f"the condition matches no {type_name}")
        try:
            return await patch(record, request, type_name, id, criterion(type_name, found))
        except Changed:
            continue
    raise problem(409, "conflict", "others keep changing what this condition asks; try again")
