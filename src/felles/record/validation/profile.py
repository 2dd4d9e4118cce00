"""What a `$validate` says: faults, warnings, and how the resource stands to the profiles it claims.

https://hl7.org/fhir/R4/resource-operation-validate.html, https://hl7.org/fhir/R4/profiling.html#resources.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from felles.record.outcome import Issue
from felles.record.terminology import SHIPPED, Source
from felles.record.validation import conformance
from felles.record.validation.examination import examine

MODES = ("create", "update", "delete", "profile")


def check(
    type_name: str,
    resource: Mapping[str, Any],
    *,
    mode: str | None = None,
    profiles: Sequence[str] = (),
    source: Source = SHIPPED,
) -> list[Issue]:
    """All that `$validate` has to say: errors, warnings, and what was not checked as information.

    `mode` is create, update, delete or profile; `profiles` the canonicals the caller asks to check against, beside
    those that the resource claims; `source` has their definitions.
    """
    found = check_rules(type_name, resource, mode)
    return told(found if broken(found) else [*found, *check_profiles(resource, profiles, source)])


def check_rules(type_name: str, resource: Mapping[str, Any], mode: str | None = None) -> list[Issue]:
    """The rules of R4 itself, warnings too."""
    if resource.get("resourceType") != type_name:
        return [Issue("structure", f"resourceType must be {type_name}", f"{type_name}.resourceType")]
    return [*_by_mode(resource, mode), *examine(resource, warnings=True)]


def check_profiles(resource: Mapping[str, Any], asked: Sequence[str], source: Source) -> list[Issue]:
    """How a resource whose structure is right stands to the profiles that are asked for and those it claims."""
    meta = resource.get("meta")
    claimed = meta.get("profile", ()) if isinstance(meta, Mapping) else ()
    places = {url: f"{resource['resourceType']}.meta.profile[{index}]" for index, url in enumerate(claimed)}
    places |= dict.fromkeys(asked, "profile")
    return [issue for url, place in places.items() for issue in conformance.faults(resource, url, source, place)]


def broken(found: Sequence[Issue]) -> bool:
    """Whether the structure is wrong, so that profiles cannot be looked at."""
    return any(issue.code in ("structure", "required", "value") for issue in found if issue.severity == "error")


def told(found: Sequence[Issue]) -> list[Issue]:
    """Each issue once; without any, that there is none."""
    return list(dict.fromkeys(found)) or [Issue("informational", "All rules checked here hold", None, "information")]


def _by_mode(resource: Mapping[str, Any], mode: str | None) -> Iterator[Issue]:
    name = resource.get("resourceType")
    if mode is not None and mode not in MODES:
        yield Issue("code-invalid", f"mode is one of {', '.join(MODES)}", "mode")
    if mode == "update" and "id" not in resource:
        yield Issue("required", "an update needs the id of the resource", f"{name}.id")
    if mode == "create" and "id" in resource:
        yield Issue("informational", "a create ignores the id and gives a new one", f"{name}.id", "information")
