"""Patient/$merge: https://build.fhir.org/patient-operation-merge.html, and Patient/$unmerge, its undoing."""

from typing import Any

import orjson

from felles.record import document
from felles.record.identity import merge as merging
from felles.record.identity import unmerge as unmerging
from felles.record.identity.identifier import key, keys
from felles.record.identity.resolution import replaced_by
from felles.record.identity.trail import Author
from felles.record.interaction.argument import Parameters, first, flag, known, local, text
from felles.record.outcome import Issue, operation_outcome, problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response

_PAIR = ("source-patient", "source-patient-identifier", "target-patient", "target-patient-identifier")
_MERGE = (*_PAIR, "result-patient", "preview", "force", "reason")
_UNMERGE = (*_PAIR, "preview", "reason")


async def merge(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """Merges source-patient into target-patient (on an instance: that is the source).

    Beyond the draft standard: `reason` is kept in the Provenance, `force` with a reason overrules doubts.
    """
    known(parameters, _MERGE, "$merge")
    source, target = await _pair(record, id, parameters)
    for one in (source, target):
        await record.own.read("Patient", one)
    if flag(parameters, "force") and not text(parameters, "reason"):
        raise problem(400, "required", "force needs a reason", "reason")
    author = Author(request.user, text(parameters, "reason") or "")
    result = _result(request, parameters)
    wish = merging.Wish(source, target, author, result, flag(parameters, "force"), flag(parameters, "preview"))
    merged = await merging.merge(record, wish)
    answer = [_outcome(merged.issues), {"name": "result", "resource": merged.target}]
    if merged.provenance:
        answer.append(_reference("provenance", f"Provenance/{merged.provenance}"))
    return _parameters(answer)


async def unmerge(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """Undoes the merge of source-patient (on an instance: that one) into its target."""
    known(parameters, _UNMERGE, "$unmerge")
    source = await _patient(record, id, parameters, "source-patient")
    given = parameters.keys() & {"target-patient", "target-patient-identifier"}
    target = await _patient(record, None, parameters, "target-patient") if given else None
    await _open(record, source)
    author = Author(request.user, text(parameters, "reason") or "")
    undone = await unmerging.unmerge(record, unmerging.Wish(source, target, author, flag(parameters, "preview")))
    answer = [_outcome(undone.issues)]
    for address, why in undone.review:
        answer.append({"name": "review", "part": [_reference("resource", address), _text("reason", why)]})
    if undone.provenance:
        answer.append(_reference("provenance", f"Provenance/{undone.provenance}"))
    return _parameters(answer)


async def _open(record: Record, source: str) -> None:
    """Raises Problem 404 unless what the source has become is open to the caller: its own relations went there."""
    if record.own is not record:
        merged = orjson.loads((await record.read("Patient", source)).body or b"{}")
        await record.own.read("Patient", replaced_by(merged) or source)


async def _pair(record: Record, id: str | None, parameters: Parameters) -> tuple[str, str]:
    source = await _patient(record, id, parameters, "source-patient")
    return source, await _patient(record, None, parameters, "target-patient")


async def _patient(record: Record, id: str | None, parameters: Parameters, name: str) -> str:
    """The id of one of the two patients: by address, by reference, by identifiers that all belong to one Patient."""
    identifiers = [one for one in parameters.get(f"{name}-identifier", ()) if isinstance(one, dict)]
    given = first(parameters, name)
    if isinstance(given, dict) and isinstance(given.get("identifier"), dict):
        identifiers.append(given["identifier"])
    if given is not None and not (identifiers and "reference" not in given):
        found = local(record, given, name)
        if not found.startswith("Patient/") or (id is not None and found != f"Patient/{id}"):
            raise problem(400, "invalid", f"{name} is a Patient, on an instance that one", name)
        id = found.partition("/")[2]
    if id is None and not identifiers:
        raise problem(400, "required", f"{name} or {name}-identifier is needed", name)
    return await _identified(record.own, id, identifiers, name) if identifiers else str(id)


async def _identified(record: Record, id: str | None, identifiers: list[dict[str, Any]], name: str) -> str:
    """The one Patient that has all identifiers in its body. Raises Problem 422 for none or several."""
    wanted = keys(identifiers)
    system, value = key(identifiers[0])
    found = await record.resources("Patient", [("identifier", f"{system}|{value}" if system else value)])
    ids = [one["id"] for one in found if wanted <= keys(one.get("identifier", ())) and id in (None, one["id"])]
    if len(ids) != 1 or len(wanted) != len(identifiers):
        count = "several patients have" if len(ids) > 1 else "no patient has"
        raise problem(422, "not-found", f"{count} all of these identifiers", f"{name}-identifier")
    return str(ids[0])


def _result(request: Request, parameters: Parameters) -> dict[str, Any] | None:
    """The result-patient with its numbers as they are written."""
    if first(parameters, "result-patient") is None:
        return None
    parts = document.parse(request.body).get("parameter", [])
    result = next(part.get("resource") for part in parts if part.get("name") == "result-patient")
    if not isinstance(result, dict) or result.get("resourceType") != "Patient":
        raise problem(400, "value", "result-patient is a Patient", "result-patient")
    return result


def _outcome(issues: list[Issue]) -> dict[str, Any]:
    return {"name": "outcome", "resource": operation_outcome(issues)}


def _reference(name: str, address: str) -> dict[str, Any]:
    return {"name": name, "valueReference": {"reference": address}}


def _text(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "valueString": value}


def _parameters(answer: list[dict[str, Any]]) -> Response:
    """Parameters, decimals with their digits."""
    return Response(200, document.serialise({"resourceType": "Parameters", "parameter": answer}))
