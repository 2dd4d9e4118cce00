"""The exercise that comes with Felles: a region on 5 January 2023, the day its board asks for an adjusted plan."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from felles.rollout.programme import Programme, described


@cache
def midt() -> Programme:
    """The programme of the exercise. Where its facts come from is said in the file."""
    return described(tomllib.loads((files("felles.rollout") / "data" / "midt.toml").read_text(encoding="utf-8")))
