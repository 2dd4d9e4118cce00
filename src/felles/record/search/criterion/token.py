"""Tokens: `code`, `system|code`, `system|`, `|code` (https://hl7.org/fhir/R4/search.html#token)."""

from collections.abc import Collection, Iterable

from felles.record.index.bound import bound
from felles.record.index.leaf import code_key, key, system_key, type_key
from felles.record.index.term import Parameter
from felles.record.search.condition import Condition, Not, Texts, Tokens
from felles.record.search.criterion.string import starts
from felles.record.search.escape import split, unescape, values
from felles.record.search.refusal import MAX_CODES, invalid, too_costly, unsupported
from felles.record.search.scope import Scope

MODIFIERS = frozenset(("missing", "text", "not", "above", "below", "in", "not-in", "of-type"))
Pair = tuple[int | None, int | None]
_NOTHING: Pair = (0, None)
"""No `code` has it."""
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
    pairs = tuple(pair for value in values(text) for pair in _pairs(name, parameter, value))
    tokens = Tokens(parameter.numbers, pairs, _rows(parameter))
    return Not(tokens) if modifier == "not" else tokens


def _pairs(name: str, parameter: Parameter, text: str) -> Iterable[Pair]:
    """What one value means. The system of a `code` is that of its required binding."""
    found = token(text)
    if found == (None, 0):
        raise invalid(name, "a token is code, system|code, system| or |code: here neither is given")
    if found[1] is None or not _bare(parameter):
        return (found,)
    system, systems = unescape(split(text, "|")[0]), bound(parameter)
    if found[0] is None:
        return tuple((code_key(code), None) for code in systems.get(system, ())) or (_NOTHING,)
    return (_NOTHING if system and systems and system not in systems else (found[0], None),)


def token(text: str) -> Pair:
    """(code key or None, system key or None) of one value; the key of no system is 0."""
    parts = split(text, "|")
    if len(parts) == 1:
        return key(unescape(text)), None
    system, code = unescape(parts[0]), unescape("|".join(parts[1:]))
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
