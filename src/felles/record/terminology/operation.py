"""ValueSet/$expand, CodeSystem/$lookup and $validate-code as functions from parameters to resources.

https://hl7.org/fhir/R4/valueset-operation-expand.html, https://hl7.org/fhir/R4/codesystem-operation-lookup.html,
https://hl7.org/fhir/R4/valueset-operation-validate-code.html. They raise Problem: 404 for what is not known,
422 (too-costly, not-supported) for what cannot be done here.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from felles.record.index.value import normalise
from felles.record.outcome import Problem, problem
from felles.record.terminology import expansion
from felles.record.terminology.designation import shown
from felles.record.terminology.expansion import Concept, Expansion, NotExpandable, Resource, Source

LARGEST = 10_000
"""The most concepts in one answer; with `count` and `offset` all can be had."""
_INACTIVE = ("retired", "inactive", "deprecated")


def expand(
    source: Source,
    url: str | None = None,
    *,
    value_set: Resource | None = None,
    filter: str = "",  # the name the operation gives it
    count: int | None = None,
    offset: int = 0,
    active_only: bool = False,
    designations: bool = False,
    language: str | None = None,
) -> dict[str, Any]:
    """The ValueSet with its expansion. Every word of `filter` must begin a word of the display, or the code.

    `language` chooses the display where there are several; `designations` gives them all.
    """
    found = value_set if value_set is not None else _value_set(source, url)
    if (count is not None and count < 0) or offset < 0:
        raise problem(400, "value", "count and offset must not be negative", "count")
    every = (
        shown(one, language) for one in _expanded(found, source).values() if not (active_only and is_inactive(one))
    )
    members = _matching(every, filter)
    page = members[offset : offset + count] if count is not None else members[offset:]
    if len(page) > LARGEST:
        raise problem(422, "too-costly", f"{len(page)} concepts: ask with filter, or with count up to {LARGEST}")
    asked = {
        "filter": ("valueString", filter),
        "count": ("valueInteger", count),
        "activeOnly": ("valueBoolean", active_only or None),
        "includeDesignations": ("valueBoolean", designations or None),
        "displayLanguage": ("valueCode", language),
    }
    contents: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "total": len(members),
        "offset": offset,
        "parameter": [{"name": name, kind: value} for name, (kind, value) in asked.items() if value not in ("", None)],
        "contains": [_contains(concept, designations) for concept in page],
    }
    head = {name: found[name] for name in ("id", "url", "version", "name", "title") if name in found}
    expanded = {name: value for name, value in contents.items() if value != []}
    return {"resourceType": "ValueSet", **head, "status": found.get("status", "active"), "expansion": expanded}


def _value_set(source: Source, url: str | None) -> Resource:
    if not url:
        raise problem(400, "required", "url says which value set to use", "url")
    found = source.value_set(url.partition("|")[0])
    if found is None:
        raise problem(404, "not-found", f"the value set {url[:200]} is not known here", "url")
    return found


def _expanded(value_set: Resource, source: Source) -> Expansion:
    try:
        return expansion.expand(value_set, source)
    except NotExpandable as reason:
        raise problem(422, reason.code, str(reason), "url") from reason


def _matching(members: Iterable[Concept], filter: str) -> list[Concept]:
    """Those that match the filter, the ones that begin with it first."""
    wanted = normalise(filter)
    if not wanted:
        return list(members)
    ranked = [(rank, concept) for concept in members if (rank := _rank(concept, wanted)) is not None]
    return [concept for _, concept in sorted(ranked, key=lambda pair: pair[0])]


def _rank(concept: Concept, wanted: str) -> int | None:
    display, code = normalise(concept.display or ""), normalise(concept.code)
    if code == wanted or display == wanted:
        return 0
    if code.startswith(wanted) or display.startswith(wanted):
        return 1
    padded = " " + display.translate(_WORD_BREAKS)
    return 2 if all(f" {word}" in padded for word in wanted.split()) else None


_WORD_BREAKS = str.maketrans(dict.fromkeys("-/()[],;:.'\"", " "))


def _contains(concept: Concept, designations: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"system": concept.system, "code": concept.code}
    if concept.properties.get("notSelectable") is True or concept.properties.get("abstract") is True:
        entry["abstract"] = True
    if is_inactive(concept):
        entry["inactive"] = True
    if concept.display:
        entry["display"] = concept.display
    if designations and concept.designations:
        entry["designation"] = list(concept.designations)
    return entry


def is_inactive(concept: Concept) -> bool:
    """Whether the concept is no longer to be used."""
    return concept.properties.get("status") in _INACTIVE or concept.properties.get("inactive") is True


def lookup(
    source: Source, system: str | None, code: str | None, *, language: str | None = None, wanted: Collection[str] = ()
) -> dict[str, Any]:
    """The Parameters of a concept: name of the system, display, definition, designations, properties, parents and
    children. `wanted` are the only properties to tell, where there are any."""
    if not system or not code:
        raise problem(400, "required", "system and code say which concept to look up", "code")
    code_system, known = source.code_system(system), source.concepts(system)
    if code_system is None or known is None:
        raise problem(404, "not-found", f"the code system {system[:200]} is not known here", "system")
    concept = known.get(code)
    if concept is None:
        raise problem(404, "not-found", f"{system[:200]} has no code {code[:200]!r}", "code")
    given = [
        ("name", code_system.get("title") or code_system.get("name") or system),
        ("version", code_system.get("version")),
        ("display", shown(concept, language).display or concept.code),
        ("definition", concept.definition),
    ]
    parameters = [{"name": name, "valueString": value} for name, value in given if value]
    parameters += [_designation(one) for one in concept.designations]
    children = [other.code for other in known.values() if code in other.parents]
    related = [("parent", parent) for parent in concept.parents] + [("child", child) for child in children]
    properties = [("valueCode", *pair) for pair in related]
    properties += [(_kind(value), name, value) for name, value in concept.properties.items()]
    parameters += [_property(name, kind, value) for kind, name, value in properties if not wanted or name in wanted]
    return {"resourceType": "Parameters", "parameter": parameters}


def _designation(given: Resource) -> dict[str, Any]:
    kinds = {"language": "valueCode", "use": "valueCoding", "value": "valueString"}
    return {"name": "designation", "part": [{"name": n, kind: given[n]} for n, kind in kinds.items() if n in given]}


def subsumes(source: Source, system: str | None, one: str | None, other: str | None) -> dict[str, Any]:
    """How two codes stand: equivalent, subsumes, subsumed-by, not-subsumed (codesystem-operation-subsumes.html)."""
    if not system or not one or not other:
        raise problem(400, "required", "system, codeA and codeB say what to compare", "codeA")
    known = source.concepts(system)
    if known is None:
        raise problem(404, "not-found", f"the code system {system[:200]} is not known here", "system")
    for name, code in (("codeA", one), ("codeB", other)):
        if code not in known:
            raise problem(404, "not-found", f"{system[:200]} has no code {code[:200]!r}", name)
    if one == other:
        outcome = "equivalent"
    elif one in expansion.ancestors(known, other):
        outcome = "subsumes"
    else:
        outcome = "subsumed-by" if other in expansion.ancestors(known, one) else "not-subsumed"
    return {"resourceType": "Parameters", "parameter": [{"name": "outcome", "valueCode": outcome}]}


def _property(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"name": "property", "part": [{"name": "code", "valueCode": name}, {"name": "value", kind: value}]}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "valueBoolean"
    if isinstance(value, int):
        return "valueInteger"
    if isinstance(value, dict):
        return "valueCoding"
    return "valueString" if isinstance(value, str) else "valueDecimal"


def validate_code(
    source: Source,
    *,
    url: str | None = None,
    value_set: Resource | None = None,
    system: str | None = None,
    code: str | None = None,
    display: str | None = None,
    language: str | None = None,
) -> dict[str, Any]:
    """Whether the code is in the value set (or the one at `url`), or without one in the code system.

    Parameters result, message, display; a display is right that any of the concept's languages has.
    """
    if not code:
        raise problem(400, "required", "code says what to validate", "code")
    if url is None and value_set is None:
        found, place = _in_system(source, system, code), f"the code system {system}"
    else:
        members = _expanded(value_set if value_set is not None else _value_set(source, url), source)
        same = (concept for key, concept in members.items() if key[1] == code and system in (None, key[0]))
        found, place = next(same, None), f"the value set {url or (value_set or {}).get('url', 'given')}"
    if found is None:
        return _answer(False, f"{code[:200]!r} is not in {place[:300]}", None)
    right = shown(found, language).display
    if display and right and normalise(display) not in {normalise(one) for one in _displays(found)}:
        return _answer(False, f"the display of {code[:200]!r} is {right!r}", right)
    return _answer(True, None, right)


def _displays(concept: Concept) -> list[str]:
    return [str(concept.display), *(str(one.get("value")) for one in concept.designations)]


def _in_system(source: Source, system: str | None, code: str) -> Concept | None:
    if not system:
        raise problem(400, "required", "system or url says where the code should be", "system")
    known = source.concepts(system)
    if known is None:
        raise problem(404, "not-found", f"the code system {system[:200]} is not known here", "system")
    if code not in known:
        _must_be_whole(source, system)
    return known.get(code)


def _must_be_whole(source: Source, system: str) -> None:
    try:
        expansion.whole_concepts(source, system)
    except NotExpandable as reason:
        raise Problem(422, (problem(422, reason.code, str(reason), "system").issues[0],)) from reason


def _answer(result: bool, message: str | None, display: str | None) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [{"name": "result", "valueBoolean": result}]
    parameters += [
        {"name": name, "valueString": value} for name, value in (("message", message), ("display", display)) if value
    ]
    return {"resourceType": "Parameters", "parameter": parameters}
