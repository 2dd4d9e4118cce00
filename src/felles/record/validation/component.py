"""obs-7: an observation with a value does not say it again in a component (observation.html#invs), in linear time.

As a function and as a keyword of JSON Schema: FHIRPath compares every component's codes with those of the whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson


def says_it_once(observation: Mapping[str, Any]) -> bool:
    """Whether obs-7 holds: without a value, or with no coding of a component equal to one of the observation."""
    if "component" not in observation or not any(name.lstrip("_").startswith("value") for name in observation):
        return True
    own = set(_codings(observation))
    components = observation["component"]
    parts = (part for part in components if isinstance(part, Mapping)) if isinstance(components, list) else ()
    return not any(coding in own for part in parts for coding in _codings(part))


def _codings(holder: Mapping[str, Any]) -> Iterator[bytes]:
    code = holder.get("code")
    codings = code.get("coding") if isinstance(code, Mapping) else None
    for coding in codings if isinstance(codings, list) else ():
        yield orjson.dumps(coding, default=str, option=orjson.OPT_SORT_KEYS)


class SaysItOnce:
    """The keyword `saysItOnce`, on an Observation."""

    def __init__(self, parent: Any, value: Any, path: Any) -> None:
        pass

    def validate(self, instance: Any) -> None:
        if not says_it_once(instance):
            raise ValueError("obs-7")
