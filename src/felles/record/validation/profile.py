"""What a `$validate` says beyond faults: warnings, and profiles that are claimed but not checked here.

https://hl7.org/fhir/R4/resource-operation-validate.html, https://hl7.org/fhir/R4/profiling.html#resources.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record.outcome import Issue
from felles.record.validation.examination import examine

_BASE = "http://hl7.org/fhir/StructureDefinition/"
MODES = ("create", "update", "delete", "profile")


def check(
    type_name: str, resource: Mapping[str, Any], *, mode: str | None = None, profile: str | None = None
) -> list[Issue]:
    """All that `$validate` has to say: errors, warnings, and what was not checked as information.

    `mode` is create, update, delete or profile; `profile` the canonical the caller asks to check against.
    """
    if resource.get("resourceType") != type_name:
        return [Issue("structure", f"resourceType must be {type_name}", f"{type_name}.resourceType")]
    found = [*_by_mode(resource, mode), *examine(resource, warnings=True), *_profiles(resource, profile)]
    return found or [Issue("informational", "All R4 rules that are checked here hold", None, "information")]


def _by_mode(resource: Mapping[str, Any], mode: str | None) -> Iterator[Issue]:
    name = resource.get("resourceType")
    if mode is not None and mode not in MODES:
        yield Issue("code-invalid", f"mode is one of {', '.join(MODES)}", "mode")
    if mode == "update" and "id" not in resource:
        yield Issue("required", "an update needs the id of the resource", f"{name}.id")
    if mode == "create" and "id" in resource:
        yield Issue("informational", "a create ignores the id and gives a new one", f"{name}.id", "information")


def _profiles(resource: Mapping[str, Any], asked: str | None) -> Iterator[Issue]:
    name = resource.get("resourceType")
    meta = resource.get("meta")
    claimed = meta.get("profile", ()) if isinstance(meta, Mapping) else ()
    for index, url in enumerate(claimed if isinstance(claimed, list) else ()):
        if isinstance(url, str) and not _is_base(url, name):
            yield _unchecked(url, f"{name}.meta.profile[{index}]")
    if asked is not None and not _is_base(asked, name):
        yield _unchecked(asked, "profile")


def _is_base(url: str, name: Any) -> bool:
    return url.partition("|")[0] in (f"{_BASE}{name}", f"{_BASE}DomainResource", f"{_BASE}Resource")


def _unchecked(url: str, where: str) -> Issue:
    words = f"the rules of the profile {url[:200]} were not checked; those of R4 itself were"
    return Issue("not-supported", words, where, "information")
