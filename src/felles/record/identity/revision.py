"""What an act changed in a resource, taken back out of its current version: later edits stay."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from felles.record import document

_SERVER = frozenset(("id", "meta", "resourceType"))
Resource = dict[str, Any]


@dataclass(slots=True)
class Revision:
    """The resource without what the act did; `left`: members that were edited since and stay as they are."""

    resource: Resource
    left: list[str] = field(default_factory=list)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON, numbers by their digits."""
    return bool(one == other) and document.serialise(one) == document.serialise(other)


def taken_back(before: Mapping[str, Any], after: Mapping[str, Any], current: Mapping[str, Any]) -> Revision:
    """`current` with the step from `before` to `after` undone (a three-way merge by members and list items).

    Members the act did not touch keep what they are now. Of a list only the items that the act added or took out are
    undone. Resources as `document.parse` gives them.
    """
    revision = Revision(dict(current))
    for name in sorted((before.keys() | after.keys()) - _SERVER):
        was, made, now = before.get(name), after.get(name), current.get(name)
        if same(was, made):
            continue
        if not same(made, now):
            was = _list_back(was or [], made or [], now or [])
            if was is None:
                revision.left.append(name)
                continue
        if was in (None, []):
            revision.resource.pop(name, None)
        else:
            revision.resource[name] = was
    return revision


def _list_back(was: Any, made: Any, now: Any) -> list[Any] | None:
    """The list without what was added and with what was taken out; None where these are no lists."""
    if not all(isinstance(value, list) for value in (was, made, now)):
        return None
    result = _minus(now, _minus(made, was))
    return result + _minus(_minus(was, made), result)


def _minus(items: list[Any], others: list[Any]) -> list[Any]:
    """The items without one equal item for each of the others."""
    left = list(items)
    for other in others:
        place = next((place for place, item in enumerate(left) if same(item, other)), None)
        if place is not None:
            left.pop(place)
    return left
