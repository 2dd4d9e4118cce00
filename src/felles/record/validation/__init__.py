"""Whether a resource keeps the rules of FHIR R4 (https://hl7.org/fhir/R4/validation.html)."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from felles.record.outcome import Issue
from felles.record.validation.examination import examine
from felles.record.validation.made_up import made_up, may_be_made_up
from felles.record.validation.profile import broken, check, check_profiles, check_rules, told
from felles.record.validation.quick import accepts

__all__ = ["broken", "check", "check_profiles", "check_rules", "made_up", "may_be_made_up", "told", "validate"]

MOST_ISSUES = 100
"""More faults than this are not listed."""


def validate(type_name: str, resource: Mapping[str, Any]) -> list[Issue]:
    """The faults of a resource, each with its place; an empty list when there are none. About 5 to 20 µs then.

    The resource is plain data as parsed from JSON; numbers may be int, float or Decimal.
    """
    if resource.get("resourceType") == type_name and accepts(type_name, resource):
        return []
    stated = resource.get("resourceType")
    if stated != type_name:
        return [Issue("structure", f"resourceType is {stated!r}, {type_name} is expected", f"{type_name}.resourceType")]
    found = list(islice(examine(resource), MOST_ISSUES + 1))
    if len(found) > MOST_ISSUES:
        found[MOST_ISSUES:] = [Issue("too-costly", f"there are more than these {MOST_ISSUES} faults", type_name)]
    return found
