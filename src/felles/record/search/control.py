"""Parameters that shape the answer: order, page, summary, included resources
(https://hl7.org/fhir/R4/search.html#return)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import get_args

from felles.record import definition
from felles.record.index.choice import primary_date
from felles.record.index.term import Binding, Parameter, parameters
from felles.record.search.query import Include, SortKey, Summary, Total
from felles.record.search.refusal import MAX_INCLUDES, MAX_SORT_KEYS, invalid, too_costly, unnamed, unsupported
from felles.record.search.scope import known, valid_names

DEFAULT_COUNT = 50
MAX_COUNT = 1_000
RESULT = ("_sort", "_count", "_total", "_summary", "_elements", "_include", "_revinclude", "_contained", "_type")
PASSED = frozenset(("_format", "_pretty"))
METHODS = {"count": "accurate", "estimate": "estimate", "none": "none"}
"""`_totalMethod`, which fhirpy sends for its counts, in words of `_total`."""
_INCLUDES = {
    "_include": False,
    "_include:iterate": True,
    "_include:recurse": True,
    "_revinclude": False,
    "_revinclude:iterate": True,
    "_revinclude:recurse": True,
}


@dataclass(slots=True)
class Control:
    """What the result parameters say."""

    types: tuple[str, ...]
    sort: tuple[SortKey, ...] = ()
    count: int = DEFAULT_COUNT
    total: Total | None = None
    summary: Summary = "false"
    elements: tuple[str, ...] = ()
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)

    def take(self, name: str, value: str) -> bool:
        """Reads a result parameter; False when `name` is none. Raises Problem 400 or 403."""
        if name in _INCLUDES:
            self._include(name, value)
            return True
        if name == "_totalMethod" and value in METHODS:
            name, value = "_total", METHODS[value]
        reader = getattr(self, f"_read{name}", None) if name in RESULT or name == "_containedType" else None
        if reader is None:
            return name in PASSED
        reader(value)
        return True

    def _read_type(self, value: str) -> None:
        """Read before everything else, see `searched_types`."""

    def _read_count(self, value: str) -> None:
        if not value.isascii() or not value.isdigit() or len(value) > 9:
            raise invalid("_count", "takes a number of resources")
        self.count = min(int(value), MAX_COUNT)

    def _read_total(self, value: str) -> None:
        for total in get_args(Total):
            if value == total:
                self.total = total
                return
        raise invalid("_total", "takes none, estimate or accurate")

    def _read_summary(self, value: str) -> None:
        for summary in get_args(Summary):
            if value == summary:
                self.summary = summary
                return
        raise invalid("_summary", "takes true, text, data, count or false")

    def _read_elements(self, value: str) -> None:
        self.elements += tuple(name.strip().rpartition(".")[2] for name in value.split(",") if name.strip())

    def _read_contained(self, value: str) -> None:
        if value != "false":
            raise unsupported("_contained", "contained resources are not searched on their own; only false is taken")

    def _read_containedType(self, value: str) -> None:
        raise unsupported("_containedType", "contained resources are not searched on their own")

    def _read_sort(self, value: str) -> None:
        names = [name.strip() for name in value.split(",") if name.strip()]
        if not names or len(names) > MAX_SORT_KEYS:
            raise invalid("_sort", f"takes 1 to {MAX_SORT_KEYS} parameter names, with - for descending")
        self.sort = tuple(sort_key(name, self.types) for name in names)

    def _include(self, name: str, value: str) -> None:
        chosen = self.includes if name.startswith("_include") else self.revincludes
        chosen += _included(name.partition(":")[0], value, _INCLUDES[name], self.types)
        if len(self.includes) + len(self.revincludes) > MAX_INCLUDES:
            raise too_costly(f"a search includes at most {MAX_INCLUDES} kinds of references")


def searched_types(type_name: str | None, pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """The types of a search: the one of the address, or those of _type, or all."""
    if type_name is not None:
        return (type_name,)
    named = [one for name, value in pairs if name == "_type" for one in value.split(",") if one]
    if any(not definition.is_resource(one) for one in named):
        raise invalid("_type", "takes names of FHIR R4 resource types, separated by commas")
    return tuple(dict.fromkeys(named)) or definition.RESOURCE_TYPES


def sort_key(text: str, types: tuple[str, ...]) -> SortKey:
    """One key of _sort. Raises Problem 400."""
    descending = text.startswith("-")
    name = text.removeprefix("-")
    if name in ("_lastUpdated", "_id"):
        return SortKey("updated" if name == "_lastUpdated" else "id", descending)
    parameter = known(types).get(name)
    if parameter is None:
        raise unnamed("_sort", "takes search parameters, with - before those that descend", valid_names(types))
    if parameter.type in ("composite", "special"):
        raise unsupported("_sort", f"{parameter.code} has no order")
    if len(types) == 1 and parameter.numbers == (primary_date(types[0]),):
        return SortKey("carried", descending)
    if parameter.type in ("token", "reference"):
        return SortKey("member", descending, (), tuple(_members(parameter)))
    kind = {"date": "date", "string": "text", "uri": "text"}.get(parameter.type, "quantity")
    numbers = parameter.numbers
    return SortKey(kind, descending, (*numbers, *(-n for n in numbers)) if kind == "quantity" else numbers)


_VALUES = {
    "CodeableConcept": (("coding", "0", "code"), ("text",)),
    "Coding": (("code",),),
    "Identifier": (("value",),),
    "ContactPoint": (("value",),),
    "Reference": (("reference",), ("identifier", "value")),
}


def _members(parameter: Parameter) -> Iterator[tuple[str, ...]]:
    """JSON paths to the first value of a token or reference parameter."""
    for binding in parameter.bindings:
        for branch in binding.term.branches:
            path: list[str] = []
            for step in branch.steps:
                path += {"one": [step[1]], "many": [step[1], "0"], "known": [f"{step[1]}Boolean"]}.get(step[0], [])
            for rest in _VALUES.get(branch.type, ((),)):
                yield (*path, *rest)


def _included(name: str, value: str, iterate: bool, types: tuple[str, ...]) -> Iterator[Include]:
    source, _, rest = value.partition(":")
    code, _, wanted = rest.partition(":")
    if value == "*" and name == "_include":
        for type_name in types:
            yield Include(type_name, _references(type_name), None, iterate, True)
        return
    if value == "*":
        raise too_costly("_revinclude=* would look through every reference of every type; name them")
    if not definition.is_resource(source) or not code or (wanted and not definition.is_resource(wanted)):
        raise invalid(name, "is written Type:reference or Type:reference:TargetType")
    if code == "*":
        yield Include(source, _references(source), wanted or None, iterate, True)
        return
    parameter = parameters(source).get(code)
    if parameter is None or parameter.type != "reference":
        names = [one for one, found in parameters(source).items() if found.type == "reference"]
        raise unnamed(name, f"takes reference parameters of {source}", names)
    yield Include(source, parameter.bindings, wanted or None, iterate)


def _references(type_name: str) -> tuple[Binding, ...]:
    found = (one.bindings for one in parameters(type_name).values() if one.type == "reference")
    return tuple(dict.fromkeys(binding for bindings in found for binding in bindings))
