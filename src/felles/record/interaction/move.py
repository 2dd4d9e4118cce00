"""Patient/[id]/$move-facts: facts written on the wrong patient go to the right one. An operation of this record."""

from typing import Any

from felles.record.identity.move import Wish, move
from felles.record.identity.trail import Author
from felles.record.interaction.argument import Parameters, first, flag, known, local, text
from felles.record.outcome import operation_outcome, problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, render

_KNOWN = ("target-patient", "fact", "cut", "reason", "preview")


async def move_facts(
    record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters
) -> Response:
    """Moves each `fact` (Reference) from this patient to target-patient; ties to each `cut` (Reference) are removed."""
    known(parameters, _KNOWN, "$move-facts")
    target = local(record, first(parameters, "target-patient"), "target-patient")
    facts = tuple(local(record, one, "fact") for one in parameters.get("fact", ()))
    if not target.startswith("Patient/"):
        raise problem(400, "value", "target-patient is a Patient", "target-patient")
    if not facts:
        raise problem(400, "required", "name the facts to move", "fact")
    for patient in (str(id), target.partition("/")[2]):
        await record.own.read("Patient", patient)
    cut = frozenset(local(record, one, "cut") for one in parameters.get("cut", ()))
    author = Author(request.user, text(parameters, "reason") or "")
    wish = Wish(str(id), target.partition("/")[2], facts, author, cut, flag(parameters, "preview"))
    moved = await move(record, wish)
    answer: list[dict[str, Any]] = [{"name": "outcome", "resource": operation_outcome(moved.issues)}]
    answer += [{"name": "moved", "valueReference": {"reference": address}} for address in moved.facts]
    answer += [{"name": "cut", "valueReference": {"reference": address}} for address in moved.cut]
    if moved.provenance:
        answer.append({"name": "provenance", "valueReference": {"reference": f"Provenance/{moved.provenance}"}})
    return render({"resourceType": "Parameters", "parameter": answer})
