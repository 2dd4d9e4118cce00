"""Arguments of operations as plain values, with refusals that name the parameter."""

from collections.abc import Collection
from typing import Any

from felles.record import definition
from felles.record.outcome import problem
from felles.record.record import Record

Parameters = dict[str, list[Any]]


def known(parameters: Parameters, names: Collection[str], operation: str) -> None:
    """Raises Problem 400 for a parameter that the operation does not have."""
    unknown = parameters.keys() - set(names)
    if unknown:
        raise problem(400, "not-supported", f"{operation} takes {', '.join(names)}", min(unknown))


def first(parameters: Parameters, name: str) -> Any:
    """The value of a parameter that may be given once; None without it. Raises Problem 400 when it is repeated."""
    values = parameters.get(name) or [None]
    if len(values) > 1:
        raise problem(400, "invalid", f"{name} is given once", name)
    return values[0]


def flag(parameters: Parameters, name: str) -> bool:
    """A boolean, false without it."""
    value = first(parameters, name)
    if value not in (None, True, False, "true", "false"):
        raise problem(400, "value", f"{name} is true or false", name)
    return value in (True, "true")


def text(parameters: Parameters, name: str) -> str | None:
    """A string without spaces around it."""
    value = first(parameters, name)
    if value is not None and not isinstance(value, str):
        raise problem(400, "value", f"{name} is a string", name)
    return value.strip() if value else None


def whole(parameters: Parameters, name: str, least: int, most: int) -> int | None:
    """A whole number within limits."""
    value = first(parameters, name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise problem(400, "value", f"{name} is a whole number from {least} to {most}", name)
    return value


def structure(parameters: Parameters, name: str) -> dict[str, Any] | None:
    """An Identifier, HumanName or other value with members."""
    value = first(parameters, name)
    if value is not None and not isinstance(value, dict):
        raise problem(400, "value", f"{name} is an object", name)
    return value


def local(record: Record, value: Any, name: str) -> str:
    """A Reference (or its text) to a resource of this record as `Type/id`."""
    literal = value.get("reference") if isinstance(value, dict) else value
    if isinstance(literal, str):
        parts = literal.removeprefix(record.base.rstrip("/") + "/").split("/")
        if len(parts) == 2 and definition.is_resource(parts[0]) and parts[1]:
            return f"{parts[0]}/{parts[1]}"
    raise problem(400, "value", f"{name} is a Reference to a resource of this record, such as Patient/1", name)
