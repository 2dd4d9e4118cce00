"""JSON Patch (RFC 6902) with JSON Pointer (RFC 6901)."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from felles.record import document
from felles.record.outcome import Problem, problem

INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
MAX_OPERATIONS = 1000
MAX_COPIED = 100_000


def json_patch(resource: bytes | Mapping[str, Any], operations: bytes | list[Any]) -> dict[str, Any]:
    """The resource after all operations, in order. Problem 400 or 422 names the operation that failed."""
    target = document.parse(resource) if isinstance(resource, bytes) else copy.deepcopy(dict(resource))
    steps = document.parse(operations) if isinstance(operations, bytes) else operations
    if type(steps) is not list or len(steps) > MAX_OPERATIONS:
        raise problem(400, "structure", f"A JSON Patch is an array of at most {MAX_OPERATIONS} operations")
    patch = Patch(target)
    for place, step in enumerate(steps):
        try:
            patch.apply(step)
        except Problem as failure:
            issue = failure.issues[0]
            raise problem(failure.status, issue.code, f"Operation {place}: {issue.diagnostics}") from None
    if type(patch.target) is not dict:
        raise problem(422, "processing", "The patch leaves no JSON object")
    return patch.target


def malformed(diagnostics: str) -> Problem:
    return problem(400, "structure", diagnostics)


def unfit(diagnostics: str) -> Problem:
    return problem(422, "processing", diagnostics)


class Patch:
    """A document under change."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self.copied = 0

    def apply(self, step: Any) -> None:
        """One operation (RFC 6902 §4); members it does not define are ignored."""
        if type(step) is not dict:
            raise malformed("an operation is an object")
        path = pointer(step, "path")
        match step.get("op"):
            case "add":
                self.add(path, self.fresh(required(step)))
            case "remove":
                self.remove(path)
            case "replace":
                self.replace(path, self.fresh(required(step)))
            case "move":
                self.move(pointer(step, "from"), path)
            case "copy":
                self.add(path, self.fresh(self.get(pointer(step, "from"))))
            case "test":
                if not same(self.get(path), required(step)):
                    raise unfit(f"the value at {written(path)} is not the one tested for")
            case name:
                raise malformed(f"there is no operation {str(name)[:50]!r}")

    def fresh(self, value: Any) -> Any:
        """A copy that shares nothing; growth by copying copies is limited."""
        self.copied += size(value)
        if self.copied > MAX_COPIED:
            raise unfit(f"the patch writes more than {MAX_COPIED} values")
        return copy.deepcopy(value)

    def get(self, path: list[str]) -> Any:
        found = self.target
        for depth, token in enumerate(path):
            found = child(found, token, path[: depth + 1])
        return found

    def add(self, path: list[str], value: Any) -> None:
        if not path:
            self.target = value
            return
        parent = self.get(path[:-1])
        if type(parent) is list:
            place = len(parent) if path[-1] == "-" else index(path[-1], len(parent) + 1, path)
            parent.insert(place, value)
        elif type(parent) is dict:
            parent[path[-1]] = value
        else:
            raise unfit(f"{written(path[:-1])} can have no members")

    def remove(self, path: list[str]) -> Any:
        """Take the value out and return it."""
        value = self.get(path)
        if not path:
            self.target = None
            return value
        parent = self.get(path[:-1])
        if type(parent) is list:
            return parent.pop(index(path[-1], len(parent), path))
        return parent.pop(path[-1])

    def replace(self, path: list[str], value: Any) -> None:
        self.get(path)
        if not path:
            self.target = value
            return
        parent = self.get(path[:-1])
        parent[index(path[-1], len(parent), path) if type(parent) is list else path[-1]] = value

    def move(self, origin: list[str], path: list[str]) -> None:
        if path[: len(origin)] == origin and len(path) > len(origin):
            raise unfit(f"{written(origin)} cannot move into itself")
        self.get(origin)
        if origin != path:
            self.add(path, self.remove(origin))


def pointer(step: Mapping[str, Any], name: str) -> list[str]:
    """The reference tokens of a JSON Pointer (RFC 6901 §4)."""
    text = step.get(name)
    if type(text) is not str or (text and not text.startswith("/")):
        raise malformed(f"{name} must be a JSON Pointer: empty or beginning with /")
    if "~" in text.replace("~0", "").replace("~1", ""):
        raise malformed(f"{name} has a ~ that is neither ~0 nor ~1")
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


def written(path: list[str]) -> str:
    """A pointer as text, for messages."""
    text = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in path)
    return text[:200] or "the whole document"


def required(step: Mapping[str, Any]) -> Any:
    if "value" not in step:
        raise malformed("value is missing")
    return step["value"]


def child(parent: Any, token: str, path: list[str]) -> Any:
    if type(parent) is list:
        return parent[index(token, len(parent), path)]
    if type(parent) is dict and token in parent:
        return parent[token]
    raise unfit(f"there is nothing at {written(path)}")


def index(token: str, limit: int, path: list[str]) -> int:
    """An array index below `limit`: digits without leading zeros."""
    if not INDEX.fullmatch(token) or int(token) >= limit:
        raise unfit(f"there is nothing at {written(path)}")
    return int(token)


def same(left: Any, right: Any) -> bool:
    """Equality of RFC 6902 §4.6: numbers by value, objects without order."""
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        return left == right and (type(left) is bool) == (type(right) is bool)
    if type(left) is not type(right):
        return False
    if type(left) is dict:
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if type(left) is list:
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def size(value: Any) -> int:
    """The count of values in a value."""
    if type(value) in (dict, list):
        return 1 + sum(map(size, value.values() if type(value) is dict else value))
    return 1
