"""References inside a resource: `#id` names a contained resource, `#` the container (references.html#contained).

While a resource is checked its contained resources are known here; the formats of the generated schemas look them
up, and note which ones were referred to.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class _Inside(threading.local):
    types: Mapping[str, str] = {}
    used: set[str]

    def __init__(self) -> None:
        self.used = set()


_inside = _Inside()


@contextmanager
def within(contained: Mapping[str, str]) -> Iterator[set[str]]:
    """Makes {id: type} the contained resources for the time being; gives the set of those referred to."""
    before = _inside.types, _inside.used
    _inside.types, _inside.used = contained, set()
    try:
        yield _inside.used
    finally:
        _inside.types, _inside.used = before


def contained_types(resource: Mapping[str, Any]) -> dict[str, str] | None:
    """{id: type} of the contained resources; None when they lack ids or types, or share an id."""
    listed = resource.get("contained", ())
    if not isinstance(listed, list | tuple) or not all(isinstance(item, dict) for item in listed):
        return None
    found = {str(item.get("id")): item.get("resourceType") for item in listed if isinstance(item.get("id"), str)}
    if len(found) != len(listed) or not all(isinstance(name, str) for name in found.values()):
        return None
    return {id: str(name) for id, name in found.items()}


def internal_format(targets: tuple[str, ...]) -> Callable[[str], bool]:
    """A JSON Schema format: the text is `#` or names a contained resource of one of the target types."""
    anything = "Resource" in targets

    def check(text: str) -> bool:
        if text == "#":
            return bool(_inside.types)
        name = _inside.types.get(text[1:])
        _inside.used.add(text[1:])
        return name is not None and (anything or name in targets)

    return check
