"""Newborn and unknown persons, and their identification: operations of this record on Patient."""

from felles.record.identity.identification import Finding
from felles.record.identity.person import Appearance, Birth
from felles.record.identity.registration import identify as put_number
from felles.record.identity.registration import register_newborn, register_unknown
from felles.record.index.value import date_range
from felles.record.interaction.answer import headers
from felles.record.interaction.argument import Parameters, flag, known, structure, text, whole
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response

GENDERS = ("male", "female", "other", "unknown")


async def newborn(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """Patient/[mother]/$newborn: `birth` (dateTime), `gender`, `multiple-birth-order`, `identifier` (FH-nummer)."""
    known(parameters, ("birth", "gender", "multiple-birth-order", "identifier"), "$newborn")
    await record.own.read("Patient", str(id))
    time = _date(parameters, "birth")
    if time is None or len(time) < 10:
        raise problem(400, "required", "birth is the day or, better, the moment of birth", "birth")
    birth = Birth(time, _gender(parameters) or "unknown", whole(parameters, "multiple-birth-order", 1, 12))
    child = await register_newborn(record, str(id), birth, structure(parameters, "identifier"))
    return await _created(record, child)


async def unknown(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """Patient/$unknown: `gender`, `estimated-age` (years), `note` (where found), `identifier` (FH-nummer)."""
    known(parameters, ("gender", "estimated-age", "note", "identifier"), "$unknown")
    age = whole(parameters, "estimated-age", 0, 120)
    seen = Appearance(_gender(parameters) or "unknown", age, text(parameters, "note") or "")
    return await _created(record, await register_unknown(record, seen, structure(parameters, "identifier")))


async def identify(
    record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters
) -> Response:
    """Patient/[id]/$identify: `identifier` (fødselsnummer or D-number), `name`, `birth-date`, `gender`, `force`."""
    known(parameters, ("identifier", "name", "birth-date", "gender", "force"), "$identify")
    await record.own.read("Patient", str(id))
    number = structure(parameters, "identifier")
    if number is None:
        raise problem(400, "required", "identifier is the number that is now known", "identifier")
    name, born = structure(parameters, "name"), _date(parameters, "birth-date")
    finding = Finding(number, name, born, _gender(parameters), flag(parameters, "force"))
    await put_number(record, str(id), finding)
    stored = await record.read("Patient", str(id))
    return Response(200, stored.body or b"", headers(stored))


async def _created(record: Record, id: str) -> Response:
    stored = await record.read("Patient", id)
    location = f"{record.base}/{stored.address}/_history/{stored.number}"
    return Response(201, stored.body or b"", {**headers(stored), "location": location})


def _gender(parameters: Parameters) -> str | None:
    value = text(parameters, "gender")
    if value is not None and value not in GENDERS:
        raise problem(400, "value", f"gender is one of {', '.join(GENDERS)}", "gender")
    return value


def _date(parameters: Parameters, name: str) -> str | None:
    value = text(parameters, name)
    try:
        if value is not None:
            date_range(value)
    except ValueError as error:
        raise problem(400, "value", f"{name} is a FHIR date", name) from error
    return value
