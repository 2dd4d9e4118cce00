"""Which slice an element belongs to (https://hl7.org/fhir/R4/profiling.html#slicing, #discriminator)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from felles.record.fhirpath import FhirPathError, Node, compile
from felles.record.validation.agreement import like, within
from felles.record.validation.rule import Rule

Member = Callable[[Any, str], bool | None]
"""Whether a coded value is in a value set; None when that cannot be told."""
_PATH = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)*\Z")
BY_URL = {"type": "value", "path": "url"}
BY_TYPE = {"type": "type", "path": "$this"}


@dataclass(frozen=True, slots=True)
class Slicing:
    """How one element is sliced: discriminators and rules (open, closed, openAtEnd)."""

    discriminators: tuple[Mapping[str, str], ...]
    rules: str

    @classmethod
    def of(cls, rule: Rule, *, choice: bool) -> "Slicing":
        """Extensions are sliced by url and choices by type where nothing else is said."""
        stated = rule.element.get("slicing", {})
        default = BY_TYPE if choice else BY_URL if rule.name in ("extension", "modifierExtension") else None
        given = tuple(stated.get("discriminator", ())) or ((default,) if default else ())
        return cls(given, str(stated.get("rules", "open")))

    def belongs(self, node: Node, slice: Rule, member: Member) -> bool | None:
        """Whether an element belongs to a slice; None when the discriminators cannot tell that here."""
        answers = [_by(discriminator, node, slice, member) for discriminator in self.discriminators]
        if False in answers:
            return False
        return None if None in answers or not answers else True


def _by(discriminator: Mapping[str, str], node: Node, slice: Rule, member: Member) -> bool | None:
    kind, path = discriminator.get("type"), discriminator.get("path", "")
    if path != "$this" and not _PATH.match(path):
        return None
    steps = [] if path == "$this" else path.split(".")
    if kind == "type":
        return _by_type(node, slice, path, steps)
    if kind == "exists":
        return _by_existence(node, slice, path, steps)
    return _by_value(node, slice, path, steps, member) if kind in ("value", "pattern") else None


def _found(node: Node, path: str) -> list[Any]:
    try:
        return compile(path).nodes(node)
    except FhirPathError:
        return []


def _by_type(node: Node, slice: Rule, path: str, steps: list[str]) -> bool | None:
    rule = _at(slice, steps)
    wanted = {str(one.get("code")) for one in rule.types} if rule else set()
    if not wanted and not steps:
        return node.key == slice.slice
    found = [one for one in _found(node, path) if isinstance(one, Node)]
    return any(wanted & one.type.ancestors for one in found) if wanted else None


def _by_existence(node: Node, slice: Rule, path: str, steps: list[str]) -> bool | None:
    rule = _at(slice, steps)
    if rule is None or not ("max" in rule.element or rule.element.get("min")):
        return None
    return bool(_found(node, path)) == (rule.element.get("max") != "0")


def _by_value(node: Node, slice: Rule, path: str, steps: list[str], member: Member) -> bool | None:
    kind, wanted = expected(slice, steps)
    if kind == "":
        return None
    values = [one.value if isinstance(one, Node) else one for one in _found(node, path)]
    if kind == "values":
        return any(like(value, one) for value in values for one in wanted)
    answers = [member(value, wanted) for value in values]
    return True if True in answers else None if None in answers else False


def _at(rule: Rule, steps: list[str]) -> Rule | None:
    """The rule at the end of a path."""
    for step in steps:
        found = [child for child in rule.children if child.name == step]
        if not found:
            return None
        rule = found[0]
    return rule


def expected(rule: Rule, steps: list[str]) -> tuple[str, Any]:
    """What a slice demands at a path: ("values", alternatives), ("members", value set), or ("", None)."""
    own = rule.valued("fixed", "pattern")
    if own is not None:
        values = within(own, steps)
        return ("values", values) if values else ("", None)
    if not steps:
        binding = rule.element.get("binding", {})
        required = binding.get("strength") == "required" and binding.get("valueSet")
        return ("members", required) if required else ("", None)
    for child in rule.children:
        if child.name == steps[0] and (found := expected(child, steps[1:]))[0]:
            return found
    if steps == ["url"] and rule.types and (profiles := rule.types[0].get("profile")):
        return "values", [str(url).partition("|")[0] for url in profiles]
    return "", None
