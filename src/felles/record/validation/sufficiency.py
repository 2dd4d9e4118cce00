"""JSON Schemas under which an invariant certainly holds.

An invariant is FHIRPath. Most of them combine existence and equality of elements, and that much a JSON Schema can
say. The schemas here are *sufficient*: what they accept keeps the invariant, what they refuse is left to FHIRPath.
None stands for a condition that no schema here can guarantee.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from felles.record import definition
from felles.record.fhirpath.parser import parse
from felles.record.fhirpath.syntax import Binary, Call, Literal, Member, Syntax, Variable

Schema = dict[str, Any]
Step = tuple[str, tuple[Syntax, ...]]
ANYTHING: Schema = {}
_TEXT_PATTERNS = {"contains": "{}", "startsWith": "^{}", "endsWith": "{}$"}
_UCUM = "http://unitsofmeasure.org"


def sufficient(path: str, expression: str) -> Schema | None:
    """A schema for the object at `path` (a type or backbone) that guarantees the expression, or None."""
    return _Context(path).holds(parse(expression))


def every(parts: Iterable[Schema | None]) -> Schema | None:
    """All must hold."""
    found: list[Schema] = []
    for part in parts:
        if part is None:
            return None
        if part:
            found.append(part)
    return ANYTHING if not found else found[0] if len(found) == 1 else {"allOf": found}


def either(parts: Iterable[Schema | None]) -> Schema | None:
    """One of those that can be guaranteed must hold."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    if any(not part for part in found):
        return ANYTHING
    return found[0] if len(found) == 1 else {"anyOf": found}


class _Context:
    """Translation within one type or backbone: `holds` is for true, `fails` for false, `untrue` for not true."""

    def __init__(self, path: str) -> None:
        self.path = path

    def holds(self, node: Syntax) -> Schema | None:
        if isinstance(node, Literal):
            return ANYTHING if node.value is True else None
        if isinstance(node, Call):
            return self._call(node, true=True)
        if isinstance(node, Binary):
            return self._binary(node)
        return None

    def fails(self, node: Syntax) -> Schema | None:
        if isinstance(node, Call):
            return self._call(node, true=False)
        if not isinstance(node, Binary):
            return None
        left, right = node.left, node.right
        if node.operator == "and":
            return either((self.fails(left), self.fails(right)))
        if node.operator == "or":
            return every((self.fails(left), self.fails(right)))
        if node.operator in ("=", "!="):
            return self._compared(node, equal=node.operator == "!=")
        return self._listed(node, inside=False) if node.operator == "in" else None

    def untrue(self, node: Syntax) -> Schema | None:
        if isinstance(node, Binary) and node.operator == "and":
            return either((self.untrue(node.left), self.untrue(node.right)))
        if isinstance(node, Binary) and node.operator == "or":
            return every((self.untrue(node.left), self.untrue(node.right)))
        steps = _steps(node.left) if isinstance(node, Binary) and node.operator in ("=", "!=", "in") else None
        return either((self.fails(node), self.absent(steps) if steps else None))

    def _binary(self, node: Binary) -> Schema | None:
        left, right = node.left, node.right
        match node.operator:
            case "and":
                return every((self.holds(left), self.holds(right)))
            case "or":
                return either((self.holds(left), self.holds(right)))
            case "implies":
                return either((self.fails(left), self.holds(right)))
            case "xor":
                return self._differ(left, right)
            case "=" | "!=":
                return self._compared(node, equal=node.operator == "=")
            case "in":
                return self._listed(node, inside=True)
            case "<" | "<=" | ">" | ">=":
                return self._measured(node)
        return None

    def _differ(self, left: Syntax, right: Syntax) -> Schema | None:
        return either((every((self.holds(left), self.fails(right))), every((self.fails(left), self.holds(right)))))

    def _agree(self, left: Syntax, right: Syntax) -> Schema | None:
        return either((every((self.holds(left), self.holds(right))), every((self.fails(left), self.fails(right)))))

    def _call(self, node: Call, *, true: bool) -> Schema | None:
        if node.name == "not" and node.source is not None:
            return self.fails(node.source) if true else self.holds(node.source)
        if node.name in ("exists", "empty", "hasValue"):
            if isinstance(node.source, Call) and node.source.name == "where" and node.source.source is None:
                criterion = node.source.arguments[0]
                return self.holds(criterion) if (node.name != "empty") == true else self.untrue(criterion)
            steps = _steps(node.source)
            if steps is None or (node.source is None and not steps):
                return None
            if node.arguments:
                steps = (*steps[:-1], (steps[-1][0], (*steps[-1][1], *node.arguments)))
            return self.present(steps) if (node.name != "empty") == true else self.absent(steps)
        if node.name in _TEXT_PATTERNS and (steps := _steps(node.source)):
            text = _constant(node.arguments[0])
            pattern = {"pattern": _TEXT_PATTERNS[node.name].format(re.escape(text))} if isinstance(text, str) else None
            return pattern and self._along(steps, pattern if true else {"not": pattern})
        if node.name == "all" and true and (steps := _steps(node.source)):
            return self._all(steps, node.arguments[0])
        return None

    def _compared(self, node: Binary, *, equal: bool) -> Schema | None:
        steps, value = _steps(node.left), _constant(node.right)
        if steps and value is not None and not any(conditions for _, conditions in steps):
            return self._along(steps, {"enum": [value]} if equal else {"not": {"enum": [value]}})
        if isinstance(node.left, Call | Binary) and isinstance(node.right, Call | Binary):
            return self._agree(node.left, node.right) if equal else self._differ(node.left, node.right)
        if isinstance(node.right, Literal) and isinstance(node.right.value, bool) and isinstance(node.left, Call):
            return self._call(node.left, true=node.right.value == equal)
        return None

    def _listed(self, node: Binary, *, inside: bool) -> Schema | None:
        steps, values = _steps(node.left), _union(node.right)
        if not steps or values is None:
            return None
        return self._along(steps, {"enum": values} if inside else {"not": {"enum": values}})

    def _measured(self, node: Binary) -> Schema | None:
        smaller, larger = (node.left, node.right) if node.operator == "<=" else (node.right, node.left)
        if isinstance(smaller, Member) and isinstance(larger, Member) and node.operator in ("<=", ">="):
            return self._ordered(smaller, larger)
        value = _constant(node.right)
        counted = _counted(node.left)
        if counted is not None:
            enough = {(">", 0): 1, (">=", 1): 1}.get((node.operator, int(value) if value is not None else -1))
            return either(self.present(steps) for steps in counted) if enough else None
        steps = _steps(node.left)
        if not steps or isinstance(value, str | None):
            return None
        bound = "minimum" if node.operator[0] == ">" else "maximum"
        exclusive = {} if node.operator.endswith("=") else {f"exclusive{bound.capitalize()}": True}
        return self._along(steps, {bound: float(value), **exclusive})

    def _ordered(self, smaller: Member, larger: Member) -> Schema | None:
        """Two elements of this object, dates or quantities, in order: the keywords of `order`."""
        names = [smaller.name, larger.name]
        found = self._element(smaller.name)
        if found is None or found.repeats or found.choice or smaller.source or larger.source:
            return None
        keyword = "quantitiesOrdered" if found.types[0].code == "Quantity" else "datesOrdered"
        return {"required": names, keyword: names}

    def _along(self, steps: tuple[Step, ...], leaf: Schema) -> Schema | None:
        """The single value at the end of the path exists and is as `leaf` says; repeating elements are left out."""
        (name, conditions), *rest = steps
        found = self._element(name)
        if found is None or conditions or found.repeats or found.choice:
            return None
        inner: Schema | None = leaf
        if rest:
            inner = _Context(found.content_path or "")._along(tuple(rest), leaf)
        return None if inner is None else {"required": [name], "properties": {name: inner}}

    def present(self, steps: tuple[Step, ...]) -> Schema | None:
        """Something is found at the end of the steps."""
        (name, conditions), *rest = steps
        found = self._element(name)
        if found is None:
            return None
        if found.choice:
            plain = not conditions and not rest
            return either({"required": [key]} for key, _ in found.properties) if plain else None
        inner = self._inner(found, lambda below: below.present(tuple(rest)) if rest else ANYTHING)
        held = self._inner(found, lambda below: every(below.holds(c) for c in conditions))
        return _some(found, every((inner, held)))

    def absent(self, steps: tuple[Step, ...]) -> Schema | None:
        """Nothing is found at the end of the steps."""
        (name, conditions), *rest = steps
        found = self._element(name)
        if found is None:
            return ANYTHING
        keys = [key for key, _ in found.properties]
        missing: Schema = {"not": {"anyOf": [{"required": [k]} for key in keys for k in (key, f"_{key}")]}}
        if found.choice or (not rest and not conditions):
            return missing
        untrue = self._inner(found, lambda below: either(below.untrue(c) for c in conditions))
        inner = self._inner(found, lambda below: below.absent(tuple(rest)) if rest else None)
        return either((missing, _each(found, either((untrue, inner)))))

    def _all(self, steps: tuple[Step, ...], condition: Syntax) -> Schema | None:
        (name, conditions), *rest = steps
        found = self._element(name)
        if found is None or found.choice or conditions:
            return None
        if rest:
            return _each(found, self._inner(found, lambda below: below._all(tuple(rest), condition)))
        return _each(found, self._inner(found, lambda below: below.holds(condition)))

    def _inner(self, found: definition.Element, build: "Callable[[_Context], Schema | None]") -> Schema | None:
        return build(_Context(found.content_path or ""))

    def _element(self, name: str) -> definition.Element | None:
        if not self.path or definition.is_primitive(self.path):
            return None
        return definition.elements(self.path).get(name)


def _some(found: definition.Element, inner: Schema | None) -> Schema | None:
    if inner is None:
        return None
    required: Schema = {"required": [found.name]}
    if not inner:
        return required
    held = {"not": {"items": {"not": inner}}} if found.repeats else inner
    return {**required, "properties": {found.name: held}}


def _each(found: definition.Element, inner: Schema | None) -> Schema | None:
    if inner is None:
        return None
    return {"properties": {found.name: {"items": inner} if found.repeats else inner}}


def _steps(node: Syntax | None) -> tuple[Step, ...] | None:
    """A path as (name, where conditions) steps, a leading type name left out; None for anything else."""
    if node is None:
        return ()
    if isinstance(node, Member):
        before = _steps(node.source)
        if node.source is None and node.name[0].isupper():
            return ()
        return None if before is None else (*before, (node.name, ()))
    if isinstance(node, Call) and node.name == "where" and node.source is not None:
        before = _steps(node.source)
        if before:
            return (*before[:-1], (before[-1][0], (*before[-1][1], node.arguments[0])))
    return None


def _constant(node: Syntax) -> Any:
    if isinstance(node, Variable) and node.name == "ucum":
        return _UCUM
    return node.value if isinstance(node, Literal) else None


def _union(node: Syntax) -> list[Any] | None:
    if isinstance(node, Binary) and node.operator == "|":
        left, right = _union(node.left), _union(node.right)
        return None if left is None or right is None else left + right
    value = _constant(node)
    return None if value is None else [value]


def _counted(node: Syntax) -> list[tuple[Step, ...]] | None:
    """The paths of a sum of counts: `identifier.count() + name.count()`."""
    if isinstance(node, Binary) and node.operator == "+":
        left, right = _counted(node.left), _counted(node.right)
        return None if left is None or right is None else left + right
    if isinstance(node, Call) and node.name == "count" and not node.arguments:
        steps = _steps(node.source)
        return [steps] if steps else None
    return None
