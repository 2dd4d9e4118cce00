"""A FHIR Consent read as what it says for decisions (the encoding: `ground`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from felles.access.facts import Objection, Opening, Representation, Wish
from felles.access.ground import ACTION, CONSENT, Kind
from felles.access.part import Part
from felles.record.index.leaf import period_row
from felles.record.index.relation import OPEN_HIGH, OPEN_LOW
from felles.record.index.value import key64

Json = dict[str, Any]
_KINDS = frozenset(Kind)
_NOBODY = frozenset((0,))
"""In place of what is named in a way that cannot be resolved: nobody and nothing, never everybody and everything."""
_PERMITS = frozenset((Kind.OPENING, Kind.EMERGENCY, Kind.REPRESENTATION))


@dataclass(slots=True)
class Wishes:
    """Those of one patient, by kind."""

    locks: list[Wish] = field(default_factory=list)
    blocks: list[Wish] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    representations: list[Representation] = field(default_factory=list)

    def add(self, consent: Json) -> None:
        """Takes in one Consent; other kinds, and those that do not hold, are passed over."""
        kind = kind_of(consent)
        provision = consent.get("provision") or {}
        if kind is None or consent.get("status") != "active":
            return
        if provision.get("type") != ("permit" if kind in _PERMITS else "deny"):
            return
        self._add(kind, provision, _frame(consent, provision))

    def _add(self, kind: Kind, provision: Json, frame: dict[str, Any]) -> None:
        match kind:
            case Kind.LOCK:
                self.locks.append(Wish(**frame))
            case Kind.BLOCK:
                if frame["named"]:
                    self.blocks.append(Wish(**frame))
            case Kind.OPENING | Kind.EMERGENCY:
                if frame["named"] or kind is Kind.OPENING:
                    self.openings.append(Opening(**frame, emergency=kind is Kind.EMERGENCY))
            case Kind.OBJECTION:
                purposes = frozenset(str(one.get("code")) for one in provision.get("purpose") or ())
                self.objections.append(Objection(**frame, purposes=purposes))
            case Kind.REPRESENTATION:
                if frame["named"]:
                    reads, acts = _actions(provision)
                    self.representations.append(Representation(**frame, reads=reads, acts=acts))


def kind_of(consent: Json) -> Kind | None:
    """What a Consent is by its category; None for one of another system."""
    for one in _codings(consent.get("category")):
        if one.get("system") == CONSENT and one.get("code") in _KINDS:
            return Kind(one["code"])
    return None


def _frame(consent: Json, provision: Json) -> dict[str, Any]:
    row = period_row(provision.get("period") or {})
    low, high = row[1:] if row else (OPEN_LOW, OPEN_HIGH)
    named = _keys([one.get("reference") or {} for one in provision.get("actor") or ()])
    return {"id": str(consent.get("id")), "named": named, "part": part(provision), "low": low, "high": high}


def part(provision: Json) -> Part:
    """The part of the record that a provision is about."""
    row = period_row(provision["dataPeriod"]) if provision.get("dataPeriod") else None
    return Part(
        frozenset(str(one.get("code")) for one in provision.get("class") or ()),
        _keys([one.get("reference") or {} for one in provision.get("data") or ()]),
        frozenset((str(one.get("system")), str(one.get("code"))) for one in provision.get("securityLabel") or ()),
        row[1] if row else None,
        row[2] if row else None,
    )


def _keys(references: list[Json]) -> frozenset[int]:
    """The keys of relative references."""
    found = [str(one.get("reference") or "").split("/") for one in references]
    keys = frozenset(key64("/".join(parts[:2])) for parts in found if len(parts) > 1)
    return keys or (_NOBODY if references else keys)


def _actions(provision: Json) -> tuple[bool, bool]:
    """Whether for reading and for acting; a power of attorney that says neither is for reading."""
    codes = {one.get("code") for one in _codings(provision.get("action")) if one.get("system") == ACTION}
    return not codes or "read" in codes, "act" in codes


def _codings(concepts: Iterable[Json] | None) -> Iterable[Json]:
    for concept in concepts or ():
        yield from concept.get("coding") or ()
