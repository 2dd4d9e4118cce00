"""A parameter by its name: modifiers, chains, _has, and the parameters that the resource row itself answers
(https://hl7.org/fhir/R4/search.html#modifiers, #chaining, #has)."""

import re
from collections.abc import Callable

from felles.record import definition
from felles.record.index.term import Parameter, parameters
from felles.record.index.value import key64
from felles.record.search.condition import (
    Chained,
    Condition,
    Either,
    Keys,
    Listed,
    Not,
    Present,
    Reverse,
    Selection,
    Terms,
)
from felles.record.search.criterion import composite, date, number, position, reference, string, token, uri
from felles.record.search.escape import unescape, values
from felles.record.search.refusal import MAX_VALUES, invalid, too_costly, unknown, unsupported
from felles.record.search.scope import REFUSED, Scope, known, valid_names

_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_TABLES = {
    "token": ("token_index", "text_index"),
    "string": ("text_index",),
    "uri": ("text_index",),
    "date": ("date_index",),
    "number": ("quantity_index",),
    "quantity": ("quantity_index",),
    "reference": ("reference_index", "token_index"),
    "special": ("composite_index",),
}
_MODIFIERS = {
    "token": token.MODIFIERS,
    "string": string.MODIFIERS,
    "uri": uri.MODIFIERS,
    "date": date.MODIFIERS,
    "number": number.MODIFIERS,
    "quantity": number.MODIFIERS,
    "reference": reference.MODIFIERS,
    "special": frozenset(("missing",)),
    "composite": frozenset[str](),
}


def condition(name: str, text: str, scope: Scope) -> Condition:
    """The condition that `name=text` states for the types of `scope`. Raises Problem 400 or 403."""
    if not text or "\0" in text:
        raise invalid(name, "has no value" if not text else "holds a NUL character")
    if text.count(",") >= MAX_VALUES:
        raise too_costly(f"{name} takes at most {MAX_VALUES} values")
    if name.startswith("_has:"):
        return _has(name, text, scope)
    if "." in name:
        return _chain(name, text, scope)
    code, _, modifier = name.partition(":")
    special = _SPECIAL.get(code)
    if special is not None:
        return special(code, modifier, text, scope)
    return _plain(name, _parameter(name, code, scope), modifier or None, text, scope)


def _parameter(name: str, code: str, scope: Scope) -> Parameter:
    if code in REFUSED:
        raise unsupported(code, REFUSED[code])
    found = known(scope.types).get(code)
    if found is None:
        raise unknown(name, scope.where, valid_names(scope.types))
    return found


def _plain(name: str, parameter: Parameter, modifier: str | None, text: str, scope: Scope) -> Condition:
    allowed = _MODIFIERS[parameter.type]
    typed = parameter.type == "reference" and modifier is not None and definition.is_resource(modifier)
    if modifier is not None and modifier not in allowed and not typed:
        listed = ", ".join(f":{one}" for one in sorted(allowed)) or "no modifiers"
        raise invalid(
            parameter.code, f"this modifier does not belong to a {parameter.type} parameter; it takes {listed}"
        )
    if modifier == "missing":
        return _missing(parameter, text, scope)
    if parameter.type == "composite":
        return composite.read(name, parameter, text, scope)
    if parameter.type == "special":
        return position.read(name, parameter, text)
    return composite.single(name, parameter, modifier, text, scope)


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise invalid(name, ":missing takes true or false")
    return text == "true"


def _missing(parameter: Parameter, text: str, scope: Scope) -> Condition:
    numbers = parameter.numbers
    found = [Present(numbers, table) for table in _TABLES[parameter.type]]
    if parameter.type in ("number", "quantity"):
        found = [Present((*numbers, *(-number for number in numbers)), "quantity_index")]
    present: Condition = found[0] if len(found) == 1 else Either(tuple(found))
    return Not(present) if _truth(parameter.code, text) else present


def _has(name: str, text: str, scope: Scope) -> Condition:
    parts = name.split(":", 3)
    if len(parts) != 4 or not definition.is_resource(parts[1]):
        raise invalid("_has", "is written _has:Type:reference:parameter")
    _, type_name, code, rest = parts
    inner = scope.at(type_name)
    parameter = _reference(code, inner)
    terms: list[int] = []
    for targets, numbers in reference.by_targets(parameter):
        if not targets or targets & set(scope.types):
            terms += numbers
    selection = Selection((type_name,), (condition(rest, text, inner),))
    subject = reference.is_subject(tuple(terms), (type_name,)) and scope.types == ("Patient",)
    return Reverse(tuple(terms), selection, subject)


def _reference(code: str, scope: Scope) -> Parameter:
    parameter = _parameter(code, code, scope)
    if parameter.type != "reference":
        raise invalid(code, f"is no reference of {scope.where}")
    return parameter


def _chain(name: str, text: str, scope: Scope) -> Condition:
    head, _, rest = name.partition(".")
    code, _, wanted = head.partition(":")
    parameter = _reference(code, scope)
    if wanted and not definition.is_resource(wanted):
        raise invalid(code, "a chain is written reference:Type.parameter")
    found: list[Condition] = []
    for targets, terms in reference.by_targets(parameter):
        for type_name in _chain_types(code, {wanted} if wanted else targets or set(parameter.targets), rest):
            if not targets or type_name in targets:
                found.append(_link(terms, type_name, rest, text, scope))
    if not found:
        raise unknown(rest, f"what {code} refers to", ())
    return found[0] if len(found) == 1 else Either(tuple(found))


def _link(terms: Terms, type_name: str, rest: str, text: str, scope: Scope) -> Condition:
    inner = condition(rest, text, scope.at(type_name))
    subject = reference.is_subject(terms, scope.types) and type_name == "Patient"
    return Chained(terms, Selection((type_name,), (inner,)), subject)


_MAX_TYPES = 20


def _chain_types(code: str, targets: "set[str] | frozenset[str]", rest: str) -> list[str]:
    """The target types that have the next parameter of the chain."""
    wide = not targets or "Resource" in targets
    names = definition.RESOURCE_TYPES if wide else sorted(targets & set(definition.RESOURCE_TYPES))
    step = rest.partition(".")[0].partition(":")[0]
    everywhere = step == "_has" or step in _SPECIAL
    types = [name for name in names if everywhere or step in parameters(name)]
    if len(types) > _MAX_TYPES:
        raise invalid(code, f"refers to many types: name one, as in {code}:Patient.parameter")
    if not types and len(names) == 1:
        raise unknown(step, names[0], valid_names((names[0],)))
    return types


def _id(name: str, modifier: str, text: str, scope: Scope) -> Condition:
    if modifier:
        raise invalid(name, "takes no modifiers")
    ids = [unescape(value) for value in values(text)]
    if not all(_ID.match(one) for one in ids):
        raise invalid(name, "an id is 1 to 64 letters, digits, - and .")
    return Keys(tuple(key64(f"{type_name}/{one}") for one in ids for type_name in scope.types))


def _updated(name: str, modifier: str, text: str, scope: Scope) -> Condition:
    if modifier:
        raise invalid(name, "takes no modifiers")
    return date.updated(name, text, scope)


def _list(name: str, modifier: str, text: str, scope: Scope) -> Condition:
    ids = [unescape(value) for value in values(text)]
    if modifier or not all(_ID.match(one) for one in ids):
        raise invalid(name, "takes ids of List resources; functional lists ($current-...) are not offered")
    return Listed(parameters("List")["item"].numbers[0], tuple(key64(f"List/{one}") for one in ids))


_SPECIAL: dict[str, Callable[[str, str, str, Scope], Condition]] = {
    "_id": _id,
    "_lastUpdated": _updated,
    "_list": _list,
}
