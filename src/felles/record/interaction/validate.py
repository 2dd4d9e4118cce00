"""$validate: https://hl7.org/fhir/R4/resource-operation-validate.html."""

from typing import Any

from felles.record import terminology
from felles.record.canonical import newest
from felles.record.interaction.argument import Parameters, first, known
from felles.record.outcome import Issue, operation_outcome, problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, render
from felles.record.terminology import NotExpandable
from felles.record.validation import broken, check_profiles, check_rules, told

MODES = ("create", "update", "delete", "profile")


async def validate_resource(
    record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters
) -> Response:
    """All issues of a resource, 200 whether or not there are any. Profiles are those stored here."""
    known(parameters, ("resource", "mode", "profile"), "$validate")
    mode = first(parameters, "mode")
    if mode not in (None, *MODES):
        raise problem(400, "value", f"mode is one of {', '.join(MODES)}", "mode")
    if mode == "delete":
        return await _deletable(record, type_name, id)
    given = first(parameters, "resource")
    resource = given if given is not None else await record.resource(type_name, id) if id else None
    if not isinstance(resource, dict):
        raise problem(400, "required", "send the resource itself, or Parameters with a parameter `resource`")
    if resource.get("resourceType") != type_name:
        raise problem(400, "invalid", f"this address validates {type_name}", "resourceType")
    found = check_rules(type_name, resource, mode)
    if not broken(found):
        found += await _profiled(record, resource, [str(url) for url in parameters.get("profile", ())])
    return render(operation_outcome(told(found)))


async def _profiled(record: Record, resource: dict[str, Any], profiles: list[str]) -> list[Issue]:
    try:
        return await terminology.resolved(
            lambda source: check_profiles(resource, profiles, source), newest(record.reader), long=True
        )
    except NotExpandable as reason:
        return [Issue(reason.code, f"the profiles were not checked: {reason}", severity="information")]


async def _deletable(record: Record, type_name: str, id: str | None) -> Response:
    if id is None:
        raise problem(400, "required", "mode delete is asked of an instance", "mode")
    await record.read(type_name, id)
    return render(operation_outcome([Issue("informational", "the resource can be deleted", severity="information")]))
