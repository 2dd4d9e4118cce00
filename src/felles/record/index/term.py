"""Path terms: what the index stores, one number per path and kind of one resource type.

A search parameter is a union of terms. Equal paths of a type share one term, so `patient` and `subject`, or the
`clinical-*` and `combo-*` families, cost nothing more. Numbers are type number x 256 + n, in the order of the
parameter names; they are part of the stored index and never change for R4 4.0.1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from felles.record import definition
from felles.record.index.branch import Branch, branches, field
from felles.record.index.expression import paths

NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
ADDRESS_PARTS = ("line", "city", "district", "state", "postalCode", "country", "text")
PARTS = {"HumanName": NAME_PARTS, "Address": ADDRESS_PARTS}
_TEXT = ("string", "markdown", "code", "uri", "id", "canonical", "url")
_NUMBER = ("integer", "decimal", "positiveInt", "unsignedInt")
_AMOUNT = ("Quantity", "Age", "Duration", "Count", "Distance", "SimpleQuantity", "MoneyQuantity", "Money", "Range")
_URI = ("uri", "canonical", "url", "oid", "uuid")

DATATYPES: Mapping[str, frozenset[str]] = {
    "token": frozenset(
        ("CodeableConcept", "Coding", "Identifier", "ContactPoint", "boolean", "known", *_TEXT, "oid", "uuid")
    ),
    "string": frozenset(_TEXT),
    "uri": frozenset(_URI),
    "date": frozenset(("date", "dateTime", "instant", "Period", "Timing")),
    "number": frozenset((*_NUMBER, *_AMOUNT)),
    "quantity": frozenset((*_NUMBER, *_AMOUNT)),
    "reference": frozenset(("Reference", "Resource", *_URI)),
    "position": frozenset(("Location.position",)),
}
"""Which datatypes are indexed for which kind of search (https://hl7.org/fhir/R4/search.html#table). SampledData is
not: its values are encoded text."""


@dataclass(frozen=True, slots=True)
class Term:
    """One path of one resource type, for one kind of search."""

    number: int
    kind: str
    branches: tuple[Branch, ...]
    composite: "Composite | None" = None


@dataclass(frozen=True, slots=True)
class Composite:
    """Values that belong together inside one element: `context` leads to it, `parts` are the components' kinds and
    branches from there."""

    context: Branch
    parts: tuple[tuple[str, tuple[Branch, ...]], ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A term as one parameter uses it: `targets` limits what a reference may point to (empty: anything)."""

    term: Term
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type, decomposed. A composite has `alternatives`: each a composite term or the
    parts that must all hold; every other parameter has `bindings`."""

    code: str
    type: str
    bindings: tuple[Binding, ...]
    targets: tuple[str, ...] = ()
    alternatives: tuple["Term | tuple[Parameter, ...]", ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the terms."""
        return tuple(binding.term.number for binding in self.bindings)


class _Terms:
    """The terms of one type while they are collected."""

    def __init__(self, type_name: str) -> None:
        self.type = type_name
        self.base = definition.type_number(type_name) * 256
        self.known: dict[object, Term] = {}

    def term(self, kind: str, found: tuple[Branch, ...]) -> Term:
        kind = "quantity" if kind == "number" else kind
        key = (kind, frozenset(found))
        if key not in self.known:
            self.known[key] = Term(self._next(), kind, found)
        return self.known[key]

    def composite(self, composite: Composite) -> Term:
        if composite not in self.known:
            self.known[composite] = Term(self._next(), "composite", (), composite)
        return self.known[composite]

    def _next(self) -> int:
        if len(self.known) >= 255:
            raise OverflowError(f"{self.type} has more than 255 search terms")
        return self.base + len(self.known) + 1


SPECIAL = frozenset(("_id", "_lastUpdated"))
"""Parameters that the resource row itself answers."""


@cache
def parameters(type_name: str) -> Mapping[str, Parameter]:
    """All search parameters of a type that have an expression, by code."""
    terms = _Terms(type_name)
    found = definition.search_parameters(type_name)
    plain = {
        code: _plain(terms, code, found[code])
        for code in sorted(found)
        if code not in SPECIAL and found[code].expression and found[code].type != "composite"
    }
    for code in sorted(found):
        if found[code].type == "composite" and found[code].expression:
            plain[code] = _composite(terms, code, found[code])
    return plain


@cache
def terms(type_name: str) -> tuple[Term, ...]:
    """The terms of a type in the order of their numbers."""
    found: dict[int, Term] = {}
    for parameter in parameters(type_name).values():
        for term in _terms_of(parameter):
            found[term.number] = term
    return tuple(found[number] for number in sorted(found))


def _terms_of(parameter: Parameter) -> Iterator[Term]:
    yield from (binding.term for binding in parameter.bindings)
    for alternative in parameter.alternatives:
        if isinstance(alternative, Term):
            yield alternative
        else:
            for part in alternative:
                yield from _terms_of(part)


def _plain(terms: _Terms, code: str, given: definition.SearchParameter) -> Parameter:
    kind = "position" if given.type == "special" else given.type
    bindings = tuple(_bindings(terms, kind, terms.type, given.expression or ""))
    return Parameter(code, given.type, bindings, tuple(given.targets))


def _bindings(terms: _Terms, kind: str, context: str, expression: str) -> Iterator[Binding]:
    seen = set()
    for targets, found in _groups(context, expression, terms.type):
        for part in _indexed(kind, found):
            binding = Binding(terms.term(kind, part), targets)
            if binding not in seen:
                seen.add(binding)
                yield binding


def _groups(context: str, expression: str, resource: str) -> list[tuple[frozenset[str], list[Branch]]]:
    """Branches of the union, those that differ by a cast only put together."""
    groups: dict[object, tuple[frozenset[str], list[Branch]]] = {}
    for path in paths(expression):
        bare = tuple(step for step in path.steps if step[0] != "cast")
        group = groups.setdefault((bare, path.targets), (path.targets, []))[1]
        group += [branch for branch in branches(context, path, resource) if branch not in group]
    return list(groups.values())


def _indexed(kind: str, found: list[Branch]) -> Iterator[tuple[Branch, ...]]:
    """The branches that can be indexed as `kind`; names and addresses by their parts."""
    if kind == "string":
        for branch in found:
            for name in PARTS.get(branch.type, ()):
                yield tuple(field(branch, name))
    chosen = tuple(branch for branch in found if branch.type in DATATYPES[kind])
    if chosen:
        yield chosen


def _composite(terms: _Terms, code: str, given: definition.SearchParameter) -> Parameter:
    alternatives: list[Term | tuple[Parameter, ...]] = []
    for path in paths(given.expression or ""):
        for context in branches(terms.type, path):
            if not context.steps:
                alternatives.append(tuple(_part(terms, expression) for _, expression in given.components))
            else:
                parts = tuple(_inner(terms, context, expression) for _, expression in given.components)
                alternatives.append(terms.composite(Composite(context, parts)))
    return Parameter(code, "composite", (), (), tuple(alternatives))


def _part(terms: _Terms, expression: str) -> Parameter:
    kind = _kind(branch for _, found in _groups(terms.type, expression, terms.type) for branch in found)
    return Parameter(expression, kind, tuple(_bindings(terms, kind, terms.type, expression)))


def _inner(terms: _Terms, context: Branch, expression: str) -> tuple[str, tuple[Branch, ...]]:
    found = [branch for _, group in _groups(context.type, expression, terms.type) for branch in group]
    kind = _kind(found)
    return kind, tuple(branch for branch in found if branch.type in DATATYPES[kind])


def _kind(found: "Iterator[Branch] | list[Branch]") -> str:
    for branch in found:
        for kind in ("reference", "token", "date", "number", "quantity", "string"):
            if branch.type in DATATYPES[kind] - set(_TEXT) or (kind == "token" and branch.type == "code"):
                return "quantity" if branch.type in _AMOUNT else kind
    return "string"
