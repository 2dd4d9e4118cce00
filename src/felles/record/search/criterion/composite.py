"""Composites: values joined by `$` that must hold together (https://hl7.org/fhir/R4/search.html#composite)."""

from felles.record.index.term import Parameter, Term
from felles.record.index.value import key64
from felles.record.search.condition import Both, Condition, Either, Paired
from felles.record.search.criterion import date, number, reference, string, token, uri
from felles.record.search.escape import split, unescape, values
from felles.record.search.refusal import invalid
from felles.record.search.scope import Scope


def read(name: str, parameter: Parameter, text: str, scope: Scope) -> Condition:
    """The condition. Raises Problem 400."""
    found = []
    for value in values(text):
        parts = split(value, "$")
        for alternative in parameter.alternatives:
            found.append(_alternative(name, alternative, parts, scope))
    return found[0] if len(found) == 1 else Either(tuple(found))


def _alternative(name: str, alternative: Term | tuple[Parameter, ...], parts: list[str], scope: Scope) -> Condition:
    if isinstance(alternative, Term):
        return _paired(name, alternative, parts)
    _check(name, parts, len(alternative))
    return Both(tuple(single(name, part, None, text, scope) for part, text in zip(alternative, parts, strict=True)))


def _check(name: str, parts: list[str], wanted: int) -> None:
    if len(parts) != wanted or not all(parts):
        raise invalid(name, f"a value has {wanted} parts joined by $")


def single(name: str, parameter: Parameter, modifier: str | None, text: str, scope: Scope) -> Condition:
    """The condition of a parameter that is no composite."""
    match parameter.type:
        case "token":
            return token.read(name, parameter, modifier, text, scope)
        case "string":
            return string.read(parameter, modifier, text)
        case "uri":
            return uri.read(parameter, modifier, text)
        case "date":
            return date.read(name, parameter, text, scope)
        case "reference":
            return reference.read(name, parameter, modifier, text, scope)
        case _:
            return number.read(name, parameter, text)


def _paired(name: str, term: Term, parts: list[str]) -> Condition:
    assert term.composite is not None  # noqa: S101 (a composite term has it)
    kinds = [kind for kind, _ in term.composite.parts]
    _check(name, parts, len(kinds))
    first = (_code(parts[0]),)
    if len(kinds) == 3:
        return Paired((term.number,), first, (number.amount(name, parts[1]), number.amount(name, parts[2])))
    match kinds[1]:
        case "token":
            return Paired((term.number,), first, _code(parts[1]))
        case "reference":
            return Paired((term.number,), first, (key64(unescape(parts[1])), None))
        case "quantity" | "number":
            return Paired((term.number,), first, number.amount(name, parts[1]))
        case _:
            return Paired((term.number,), first, string.starts(parts[1]))


def _code(text: str) -> token.Pair:
    return token.token(text)
