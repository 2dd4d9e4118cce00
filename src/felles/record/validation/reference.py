"""Reference targets: which types an element may point at (https://hl7.org/fhir/R4/references.html)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from felles.record import definition

_LITERAL = re.compile(
    r"(?P<server>https?://[^ ?#]+/)?(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?"
)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:[^\x00-\x20]+", re.IGNORECASE)
_CONDITIONAL = re.compile(r"[A-Za-z]+\?.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a reference: an issue code and words."""

    code: str
    text: str


def fault(reference: Mapping[str, Any], targets: tuple[str, ...], contained: Mapping[str, str]) -> Fault | None:
    """What is wrong with a Reference that may point at `targets` ("Resource" is any); `contained` is {id: type}."""
    stated = reference.get("type")
    literal = reference.get("reference")
    if isinstance(stated, str) and definition.is_resource(stated) and not _fits(stated, targets):
        return Fault("value", f"Reference.type is {stated}, allowed are {_listed(targets)}")
    if not isinstance(literal, str):
        return None
    if literal.startswith("#"):
        found = contained.get(literal[1:])
        if literal != "#" and found is None:
            return Fault("not-found", f"no contained resource has the id of {literal[:80]} (ref-1)")
    else:
        found, wrong = _type_of(literal)
        if wrong:
            return wrong
    if found is not None and not _fits(found, targets):
        return Fault("value", f"a reference to {found} is not allowed here, allowed are {_listed(targets)}")
    if found and isinstance(stated, str) and definition.is_resource(stated) and stated != found:
        return Fault("value", f"Reference.type is {stated}, but the reference is to {found}")
    return None


def _type_of(literal: str) -> tuple[str | None, Fault | None]:
    """The type that a literal reference names, if it names one."""
    match = _LITERAL.fullmatch(literal)
    if match and definition.is_resource(match["type"]):
        return match["type"], None
    if match and not match["server"]:
        return None, Fault("value", f"{match['type'][:40]} is not a FHIR R4 resource type")
    if _ABSOLUTE.fullmatch(literal):
        return None, None
    if _CONDITIONAL.fullmatch(literal):
        return None, Fault("value", "a conditional reference is only allowed inside a transaction")
    return None, Fault("value", f"{literal[:80]!r} is neither Type/id, an absolute address nor #id")


def _fits(name: str, targets: tuple[str, ...]) -> bool:
    return not targets or name in targets or "Resource" in targets


def _listed(targets: tuple[str, ...]) -> str:
    return ", ".join(targets)
