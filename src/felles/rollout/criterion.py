"""What gates ask (krav): criteria with their definitions and limits, and which of them each gate asks of whom."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from felles.rollout.plan import UnitKind


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion. at: "source" (where the record is in use) or "unit"; unit: share, ratio or count; limit: the worst
    value that is green. Evidence that is older than `fresh` days, or of fewer than `least`, is red."""

    key: str
    name: str
    definition: str
    at: str
    unit: str
    limit: float
    fresh: int
    least: int


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate asks: `hard` criteria stop; of the weight of the `scored` ones the share `needed` has to be green."""

    step: str
    kinds: tuple[UnitKind, ...]
    hard: tuple[str, ...]
    scored: dict[str, int] = {}
    needed: float = msgspec.field(name="pass", default=1.0)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    criterion: list[Criterion]
    gate: list[Gate]


@cache
def _file() -> _File:
    text = (files("felles.rollout") / "data" / "criteria.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File)


@cache
def criteria() -> Mapping[str, Criterion]:
    """All criteria by key."""
    return {each.key: each for each in _file().criterion}


def gates() -> Sequence[Gate]:
    """What all gates ask."""
    return _file().gate


def gate(step: str, kind: UnitKind) -> Gate:
    """What a gate (gate120 ... go) asks of a kind of unit. KeyError where there is no such gate."""
    step = step.removesuffix(".2")
    for each in gates():
        if each.step == step and kind in each.kinds:
            return each
    raise KeyError(step)
