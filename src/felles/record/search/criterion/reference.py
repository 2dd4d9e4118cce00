"""References: `Type/id`, `id`, an absolute address, a canonical (https://hl7.org/fhir/R4/search.html#reference)."""

import re
from collections.abc import Set

from felles.record import definition
from felles.record.index.choice import subject
from felles.record.index.leaf import NUMBERS, target
from felles.record.index.term import Parameter
from felles.record.index.value import key64
from felles.record.search.condition import Condition, Either, References, Terms, Tokens
from felles.record.search.criterion.token import identifier
from felles.record.search.escape import unescape, values
from felles.record.search.refusal import invalid, unsupported
from felles.record.search.scope import Scope

MODIFIERS = frozenset(("missing", "identifier", "above", "below"))
_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_PATIENT = NUMBERS["Patient"]
Target = tuple[int, int]


def read(name: str, parameter: Parameter, modifier: str | None, text: str, scope: Scope) -> Condition:
    """The condition; `modifier` may be a resource type. Raises Problem 400."""
    if modifier in ("above", "below"):
        raise unsupported(name, "hierarchies of references are not searched")
    if modifier == "identifier":
        return Tokens(parameter.numbers, tuple(identifier(value) for value in values(text)), 1)
    found = []
    for allowed, terms in by_targets(parameter):
        types = {modifier} if modifier else allowed or frozenset(parameter.targets)
        targets = [one for value in values(text) for one in _targets(name, unescape(value), types, scope)]
        found.append(References(terms, tuple(key for key, _ in targets), _of_subject(terms, targets, scope)))
    return found[0] if len(found) == 1 else Either(tuple(found))


def by_targets(parameter: Parameter) -> list[tuple[frozenset[str], Terms]]:
    """The terms of a parameter, by what they may point to (empty: what the parameter says)."""
    groups: dict[frozenset[str], list[int]] = {}
    for binding in parameter.bindings:
        groups.setdefault(binding.targets, []).append(binding.term.number)
    return [(targets, tuple(numbers)) for targets, numbers in groups.items()]


def is_subject(terms: Terms, types: tuple[str, ...]) -> bool:
    """Whether this is the term that says whom the one searched type is about."""
    return len(types) == 1 and terms == (subject(types[0]),)


def _of_subject(terms: Terms, targets: list[Target], scope: Scope) -> bool:
    return is_subject(terms, scope.types) and all(kind == _PATIENT for _, kind in targets)


def _targets(name: str, text: str, types: Set[str], scope: Scope) -> list[Target]:
    if _ID.match(text):
        return [
            (key64(f"{kind}/{text}"), NUMBERS[kind]) for kind in types or definition.RESOURCE_TYPES if kind in NUMBERS
        ]
    if "|" in text:
        return [(key64(text), 0)]
    found = target(text, scope.base)
    if found is None or (not found[1] and ":" not in text):
        raise invalid(name, "a reference is an id, Type/id or an absolute address")
    kind = definition.type_name(found[1]) if found[1] else ""
    return [found] if not kind or not types or kind in types or "Resource" in types else []
