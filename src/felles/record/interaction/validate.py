"""$validate: https://hl7.org/fhir/R4/resource-operation-validate.html."""

from typing import Any

from felles.record.outcome import Issue, operation_outcome, problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, render
from felles.record.validation import validate

MODES = ("create", "update", "delete", "profile")


async def validate_resource(
    record: Record, request: Request, type_name: str, id: str | None, parameters: dict[str, list[Any]]
) -> Response:
    """All issues of a resource, 200 whether or not there are any."""
    mode = (parameters.get("mode") or ["create"])[0]
    if mode not in MODES:
        raise problem(400, "value", f"mode is one of {', '.join(MODES)}", "mode")
    given = (parameters.get("resource") or [None])[0]
    if mode == "delete":
        if id is None:
            raise problem(400, "required", "mode delete is asked of an instance", "mode")
        await record.read(type_name, id)
        return render(
            operation_outcome([Issue("informational", "the resource can be deleted", severity="information")])
        )
    resource = given if given is not None else await record.resource(type_name, id) if id else None
    if not isinstance(resource, dict):
        raise problem(400, "required", "send the resource itself, or Parameters with a parameter `resource`")
    if resource.get("resourceType") != type_name:
        raise problem(400, "invalid", f"this address validates {type_name}", "resourceType")
    issues = list(validate(type_name, resource))
    if not issues:
        issues = [Issue("informational", "no issues found", severity="information")]
    return render(operation_outcome(issues))
