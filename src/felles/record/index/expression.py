"""The paths that FHIR R4 search parameters are made of: unions of element paths with casts and filters.

SearchParameter.expression (https://hl7.org/fhir/R4/searchparameter.html) is FHIRPath, but all R4 parameters use a
small part of it. This reads that part into steps; what it cannot read raises ValueError.
"""

import re
from dataclasses import dataclass

_STEP = re.compile(
    r"""\.?(?:
      (?:as|ofType)\((?P<cast>[\w.]+)\)
    | where\(resolve\(\)\s+is\s+(?P<target>\w+)\)
    | where\((?P<key>\w+)\s*=\s*'(?P<equals>[^']*)'\)
    | where\(hasExtension\('(?P<has>[^']*)'\)\)
    | extension\('(?P<extension>[^']*)'\)
    | (?P<field>%?\w+)(?:\[(?P<position>\d+)\])?
    | \s+as\s+(?P<operator>\w+)
    )""",
    re.VERBOSE,
)
_EXISTS_NOT_FALSE = re.compile(r"^(?P<path>[\w.]+)\.exists\(\) and (?P=path) != false$")
_PRIMITIVE = {"DateTime": "dateTime", "String": "string"}


@dataclass(frozen=True, slots=True)
class Path:
    """One path from the resource. `steps` are (kind, text[, text]) with kind field, cast, where, has, extension,
    position, known or root; `targets` are the resource types that a reference may be resolved to (empty: any)."""

    steps: tuple[tuple[str, ...], ...]
    targets: frozenset[str] = frozenset()


def paths(expression: str) -> list[Path]:
    """The paths of a union, type names in front left away."""
    return [_path(part.strip()) for part in _split(expression) if part.strip()]


def _split(expression: str) -> list[str]:
    parts, depth, start, quoted = [], 0, 0, False
    for at, char in enumerate(expression):
        quoted ^= char == "'"
        depth += (char == "(") - (char == ")") if not quoted else 0
        if char == "|" and not depth and not quoted:
            parts.append(expression[start:at])
            start = at + 1
    return [*parts, expression[start:]]


def _path(text: str) -> Path:
    known = _EXISTS_NOT_FALSE.match(text)
    if known:
        *before, last = _path(known["path"]).steps
        return Path((*before, ("known", last[1])))
    steps: list[tuple[str, ...]] = []
    targets: set[str] = set()
    for match in _matches(_flatten(text)):
        if match["target"]:
            targets.add(match["target"])
        else:
            steps += _steps(match)
    if steps and steps[0] == ("field", "%resource"):
        steps[0] = ("root",)
    elif steps and steps[0][0] == "field" and steps[0][1][0].isupper():
        del steps[0]
    return Path(tuple(steps), frozenset(targets))


def _flatten(text: str) -> str:
    """`(A.b as C).d` as `A.b.as(C).d`: the grouping says nothing that the order does not."""
    if text.startswith("("):
        inner, _, rest = text[1:].rpartition(")")
        left, operator, right = inner.rpartition(" as ")
        return f"{left}.as({right}){rest}" if operator else inner + rest
    left, operator, right = text.rpartition(" as ")
    return f"{left}.as({right})" if operator else text


def _matches(text: str) -> list[re.Match[str]]:
    matches, at = [], 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or match.end() == at:
            raise ValueError(f"the search expression {text!r} is not understood at {at}")
        matches.append(match)
        at = match.end()
    return matches


def _steps(match: re.Match[str]) -> list[tuple[str, ...]]:
    if match["cast"]:
        return [("cast", _PRIMITIVE.get(match["cast"], match["cast"]))]
    if match["key"]:
        return [("where", match["key"], match["equals"])]
    if match["has"]:
        return [("has", match["has"])]
    if match["extension"]:
        return [("extension", match["extension"])]
    position = [("position", match["position"])] if match["position"] else []
    return [("field", match["field"]), *position]
