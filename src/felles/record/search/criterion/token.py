"""Tokens: `code`, `system|code`, `system|`, `|code` (https://hl7.org/fhir/R4/search.html#token)."""

from collections.abc import Collection

from felles.record.index.leaf import code_key, key, system_key, type_key
from felles.record.index.term import Parameter
from felles.record.search.condition import Condition, Not, Texts, Tokens
from felles.record.search.criterion.string import starts
from felles.record.search.escape import split, unescape, values
from felles.record.search.refusal import MAX_CODES, invalid, too_costly, unsupported
from felles.record.search.scope import Scope

MODIFIERS = frozenset(("missing", "text", "not", "above", "below", "in", "not-in", "of-type"))
_BARE = frozenset(("code", "boolean", "known", "id"))
_WIDE = frozenset(("category", "status", "clinical-status", "intent", "class", "gender", "active"))


def read(name: str, parameter: Parameter, modifier: str | None, text: str, scope: Scope) -> Condition:
    """The condition. Raises Problem 400."""
    if modifier in ("above", "below"):
        return _related(name, parameter, modifier, text, scope)
    if modifier in ("in", "not-in"):
        within = _in_value_set(name, parameter, text, scope)
        return Not(within) if modifier == "not-in" else within
    if modifier == "text":
        return Texts(parameter.numbers, tuple(starts(value) for value in values(text)))
    if modifier == "of-type":
        return _of_type(name, parameter, text)
    tokens = Tokens(parameter.numbers, tuple(token(parameter, value) for value in values(text)), _rows(parameter))
    return Not(tokens) if modifier == "not" else tokens


def token(parameter: Parameter, text: str) -> tuple[int | None, int | None]:
    """(code key or None, system key or None) of one value. The system of a `code` or boolean is implied and not
    compared."""
    parts = split(text, "|")
    if len(parts) == 1:
        return key(unescape(text)), None
    system, code = unescape(parts[0]), unescape("|".join(parts[1:]))
    if _bare(parameter):
        return (key(code) if code else None), None
    return (key(code) if code else None), (system_key(system) if system else 0)


def identifier(text: str) -> tuple[int | None, int | None]:
    """One value of :identifier: `system|value`."""
    system, bar, value = text.partition("|")
    return (key(unescape(value)), system_key(unescape(system))) if bar else (key(unescape(text)), None)


def _bare(parameter: Parameter) -> bool:
    kinds = {branch.type for binding in parameter.bindings for branch in binding.term.branches}
    return bool(kinds) and kinds <= _BARE


def _rows(parameter: Parameter) -> int:
    kinds = {branch.type for binding in parameter.bindings for branch in binding.term.branches}
    if "Identifier" in kinds or "ContactPoint" in kinds:
        return 1
    return 200_000 if kinds <= _BARE or parameter.code in _WIDE else 5_000


def _of_type(name: str, parameter: Parameter, text: str) -> Condition:
    found = []
    for value in values(text):
        parts = [unescape(part) for part in split(value, "|")]
        if len(parts) != 3 or not all(parts):
            raise invalid(name, "with :of-type the value is system|code|identifier")
        found.append((type_key(*parts), None))
    return Tokens(tuple(-number for number in parameter.numbers), tuple(found), 1)


def _related(name: str, parameter: Parameter, modifier: str, text: str, scope: Scope) -> Condition:
    """:above and :below: the codes that subsume this one, or that it subsumes."""
    found = []
    for value in values(text):
        system, *code = (unescape(part) for part in split(value, "|"))
        if len(code) != 1 or not code[0] or not system:
            raise invalid(name, f"with :{modifier} the value is system|code; hierarchies belong to a code system")
        codes = scope.related(modifier, system, code[0]) if scope.related else None
        if codes is None:
            raise unsupported(name, "the hierarchies of this code system, or this code in it, are not known here")
        found += [(system, one) for one in codes]
    return _any_of(parameter, found)


def _any_of(parameter: Parameter, pairs: Collection[tuple[str, str]]) -> Condition:
    if len(pairs) > MAX_CODES:
        raise too_costly(f"{len(pairs)} codes are meant, a search takes {MAX_CODES}")
    bare = _bare(parameter)
    found = tuple((code_key(code), None if bare else system_key(system)) for system, code in pairs)
    return Tokens(parameter.numbers, tuple(dict.fromkeys(found)), 50_000)


def _in_value_set(name: str, parameter: Parameter, text: str, scope: Scope) -> Condition:
    pairs = scope.codes_of(unescape(text))
    if pairs is None:
        raise unsupported(name, "this value set is not known here, so that it cannot be searched by")
    return _any_of(parameter, list(pairs))
