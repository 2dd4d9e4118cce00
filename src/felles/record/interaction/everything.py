"""Patient/$everything: https://hl7.org/fhir/R4/patient-operation-everything.html."""

from typing import Any

from felles.record import everything as compartment
from felles.record.index.value import date_range
from felles.record.interaction.search import page_links
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.bundle import bundle, entry
from felles.record.rest.message import Request, Response, number

_KNOWN = ("start", "end", "_since", "_type", "_count")


async def everything(
    record: Record, request: Request, type_name: str, id: str | None, parameters: dict[str, list[Any]]
) -> Response:
    """All resources of the patient's compartment and what they refer to; on the type, of every patient whom the one
    who asks may find. Paged when `_count` is given, on the type always."""
    unknown = parameters.keys() - set(_KNOWN)
    if unknown:
        raise problem(400, "not-supported", f"$everything takes {', '.join(_KNOWN)}", min(unknown))
    try:
        wanted = _wanted(parameters)
    except ValueError as error:
        raise problem(400, "value", "start, end and _since are dates, _count is a whole number from 1") from error
    if id is None:
        found = await compartment.of_patients(record, wanted, request.user)
    else:
        found = await compartment.of_patient(record, await record.read("Patient", id), wanted, request.user)
    entries = [entry(f"{record.base}/{one.address}", one.body, search={"mode": "match"}) for one in found.resources]
    return bundle("searchset", entries, page_links(record, request, found.token, found.count), found.total)


def _count(text: str) -> int:
    if number(text) < 1:
        raise ValueError("nothing would be shown")
    return number(text)


def _wanted(parameters: dict[str, list[Any]]) -> compartment.Wanted:
    first = {name: str(values[0]) for name, values in parameters.items()}
    types = frozenset(name for value in parameters.get("_type", ()) for name in str(value).split(","))
    return compartment.Wanted(
        types=types,
        start=date_range(first["start"])[0] if "start" in first else None,
        end=date_range(first["end"])[1] if "end" in first else None,
        since=date_range(first["_since"])[0] if "_since" in first else None,
        count=_count(first["_count"]) if "_count" in first else None,
    )
