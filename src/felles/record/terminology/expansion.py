"""ValueSet expansion over whole code systems (https://hl7.org/fhir/R4/valueset.html#compositions).

Pure functions over plain CodeSystem and ValueSet resources; a `Source` finds them by canonical URL.
What cannot be expanded raises `NotExpandable` and says why.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Resource = Mapping[str, Any]
_UPWARD = ("parent", "subsumedBy")
LIMIT = 100_000
"""The most concepts an expansion may have before it is filtered."""


class NotExpandable(Exception):
    """A value set that cannot be expanded here. `code` is an issue type (not-found, not-supported, too-costly)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of a code system; `parents` are codes of the same system, `language` is that of the display."""

    system: str
    code: str
    display: str | None = None
    definition: str | None = None
    parents: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    language: str | None = None
    designations: tuple[Resource, ...] = ()


Key = tuple[str, str]
Expansion = dict[Key, Concept]


class Source:
    """Where code systems and value sets are found, by canonical URL without version; concepts are kept once read."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Concept]] = {}

    def code_system(self, url: str) -> Resource | None:
        raise NotImplementedError

    def value_set(self, url: str) -> Resource | None:
        raise NotImplementedError

    def structure(self, url: str) -> Resource | None:
        """A StructureDefinition; those of R4 itself are not among them."""
        return None

    def concepts(self, url: str) -> dict[str, Concept] | None:
        """The concepts of a code system by code, or None when it is not known."""
        if url not in self._known:
            found = self.code_system(url)
            if found is None:
                return None
            self._known[url] = concepts(found)
        return self._known[url]


def concepts(code_system: Resource) -> dict[str, Concept]:
    """The concepts of a CodeSystem in their order, with parents from nesting and from `parent` properties."""
    found: dict[str, Concept] = {}
    system, version = code_system.get("url", ""), code_system.get("version")
    for entry, nested in _walk(code_system.get("concept", ()), ()):
        properties = {
            p["code"]: _value(p) for p in entry.get("property", ()) if p.get("code") not in ("parent", "subsumedBy")
        }
        stated = [
            str(_value(p)) for p in entry.get("property", ()) if p.get("code") in _UPWARD and _value(p) is not None
        ]
        found[entry["code"]] = Concept(
            system,
            entry["code"],
            entry.get("display"),
            entry.get("definition"),
            (*nested, *stated),
            properties,
            version,
            code_system.get("language"),
            tuple(entry.get("designation", ())),
        )
    return found


def _walk(entries: Iterable[Resource], parents: tuple[str, ...]) -> Iterator[tuple[Resource, tuple[str, ...]]]:
    for entry in entries:
        yield entry, parents
        yield from _walk(entry.get("concept", ()), (entry["code"],))


def _value(prop: Resource) -> Any:
    return next((value for name, value in prop.items() if name.startswith("value")), None)


def descendants(known: Mapping[str, Concept], root: str) -> set[str]:
    """Codes strictly below `root` in the hierarchy of the code system."""
    children: dict[str, list[str]] = {}
    for concept in known.values():
        for parent in concept.parents:
            children.setdefault(parent, []).append(concept.code)
    below: set[str] = set()
    pending = list(children.get(root, ()))
    while pending:
        code = pending.pop()
        if code not in below:
            below.add(code)
            pending.extend(children.get(code, ()))
    return below


def ancestors(known: Mapping[str, Concept], leaf: str) -> set[str]:
    """Codes strictly above `leaf` in the hierarchy of the code system."""
    above: set[str] = set()
    pending = list(known[leaf].parents) if leaf in known else []
    while pending:
        code = pending.pop()
        if code in known and code not in above:
            above.add(code)
            pending.extend(known[code].parents)
    return above


def expand(value_set: Resource, source: Source, within: tuple[str, ...] = ()) -> Expansion:
    """All concepts of a value set, in the order of its composition. Raises NotExpandable."""
    url = str(value_set.get("url", ""))
    if url and url in within:
        raise NotExpandable("processing", f"The value set {url} includes itself")
    compose = value_set.get("compose")
    if compose is None:
        return _expanded(value_set)
    result: Expansion = {}
    for include in compose.get("include", ()):
        result.update(_part(include, source, (*within, url)))
        if len(result) > LIMIT:
            raise NotExpandable("too-costly", f"The value set {url} has more than {LIMIT} concepts")
    for exclude in compose.get("exclude", ()):
        for key in _part(exclude, source, (*within, url)):
            result.pop(key, None)
    return result


def _expanded(value_set: Resource) -> Expansion:
    expansion = value_set.get("expansion")
    if expansion is None:
        raise NotExpandable("not-supported", f"The value set {value_set.get('url')} has no composition")
    found = (entry for entry, _ in _contained(expansion.get("contains", ())) if "code" in entry and "system" in entry)
    return {
        (e["system"], e["code"]): Concept(
            e["system"], e["code"], e.get("display"), designations=tuple(e.get("designation", ()))
        )
        for e in found
    }


def _contained(entries: Iterable[Resource]) -> Iterator[tuple[Resource, None]]:
    for entry in entries:
        yield entry, None
        yield from _contained(entry.get("contains", ()))


def _part(part: Resource, source: Source, within: tuple[str, ...]) -> Expansion:
    sets = [_imported(str(url), source, within) for url in part.get("valueSet", ())]
    if "system" in part:
        sets.append(_of_system(part, source))
    if not sets:
        return {}
    first, *others = sets
    return {key: concept for key, concept in first.items() if all(key in other for other in others)}


def _imported(url: str, source: Source, within: tuple[str, ...]) -> Expansion:
    found = source.value_set(url.partition("|")[0])
    if found is None:
        raise NotExpandable("not-found", f"The value set {url} is not known here")
    return expand(found, source, within)


def _of_system(part: Resource, source: Source) -> Expansion:
    system = str(part["system"])
    known = source.concepts(system)
    if "concept" in part:
        return {(system, c["code"]): _listed(system, c, known or {}) for c in part["concept"]}
    whole = whole_concepts(source, system)
    chosen: set[str] = set(whole)
    for condition in part.get("filter", ()):
        chosen &= _filtered(whole, condition)
    return {(system, code): concept for code, concept in whole.items() if code in chosen}


def whole_concepts(source: Source, system: str) -> dict[str, Concept]:
    """The concepts of a code system that is held whole. Raises NotExpandable."""
    code_system = source.code_system(system)
    known = source.concepts(system)
    if code_system is None or known is None:
        raise NotExpandable("not-found", f"The code system {system} is not known here")
    if code_system.get("content") != "complete":
        raise NotExpandable("not-supported", f"The code system {system} is not held whole here")
    return known


def _listed(system: str, entry: Resource, known: Mapping[str, Concept]) -> Concept:
    concept = known.get(entry["code"])
    display = entry.get("display") or (concept.display if concept else None)
    more = tuple(entry.get("designation", ()))
    if concept is None:
        return Concept(system, entry["code"], display, designations=more)
    return replace(concept, display=display, designations=(*more, *concept.designations))


def _filtered(known: Mapping[str, Concept], condition: Resource) -> set[str]:
    """Codes that meet one compose.include.filter (https://hl7.org/fhir/R4/valueset-filter-operator.html)."""
    operator, name, value = condition.get("op"), condition.get("property", ""), str(condition.get("value", ""))
    if operator in _HIERARCHY and name in ("concept", "code", "parent"):
        return _HIERARCHY[operator](known, value)
    if operator == "=" and name == "parent":
        return {c.code for c in known.values() if value in c.parents}
    texts = {code: _text(concept, name) for code, concept in known.items()}
    if operator == "=":
        return {code for code, text in texts.items() if text == value}
    if operator in ("in", "not-in"):
        wanted = {item.strip() for item in value.split(",")}
        return {code for code, text in texts.items() if (text in wanted) == (operator == "in")}
    if operator == "exists":
        return {code for code, text in texts.items() if (text is not None) == (value == "true")}
    if operator == "regex":
        return {code for code, text in texts.items() if text is not None and re.fullmatch(value, text)}
    raise NotExpandable("not-supported", f"The filter {name} {operator} {value} is not supported")


def _text(concept: Concept, name: str) -> str | None:
    if name in ("code", "concept"):
        return concept.code
    if name == "display":
        return concept.display
    value = concept.properties.get(name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return value.get("code")
    return None if value is None else str(value)


_HIERARCHY: Mapping[Any, Callable[[Mapping[str, Concept], str], set[str]]] = {
    "is-a": lambda known, code: descendants(known, code) | ({code} & known.keys()),
    "descendent-of": descendants,
    "is-not-a": lambda known, code: set(known) - descendants(known, code) - {code},
    "generalizes": lambda known, code: ancestors(known, code) | ({code} & known.keys()),
}
