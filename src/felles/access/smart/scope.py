"""Scopes of SMART App Launch 2.2 (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html): what an app
may do at the most. Text into grants, and their comparison; nothing here widens."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from felles.access.smart.refusal import Refusal
from felles.record import definition

WORDS = frozenset(
    {"launch", "launch/patient", "launch/encounter", "openid", "fhirUser", "profile", "offline_access", "online_access"}
)
"""Scopes that are no grants on resources."""
LEVELS = ("patient", "user", "system")
MAX_LENGTH, MAX_SCOPES = 8_000, 300
_GRANT = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{2,63})\.([a-z*]{1,5})(?:\?([\x21\x23-\x5b\x5d-\x7e]+))?")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ORDER = "cruds"

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """One scope on resources: `acts` is a part of "cruds" in that order, `query` sorted search parameters, all of
    which must hold, `written` the scope as SMART 1 wrote it, or None."""

    level: str
    type: str
    acts: str
    query: Query = ()
    written: str | None = None

    def __str__(self) -> str:
        if self.written:
            return self.written
        asked = "&".join(f"{quote(name, safe=':_-')}={quote(value, safe=':,|/._-')}" for name, value in self.query)
        return f"{self.level}/{self.type}.{self.acts}" + (f"?{asked}" if asked else "")

    def covers(self, act: str, other: "Grant") -> bool:
        """Whether this allows `act` wherever `other` does. A patient's scope lies within a user's, not the reverse."""
        return (
            act in self.acts
            and (self.level == other.level or (self.level, other.level) == ("user", "patient"))
            and self.type in ("*", other.type)
            and set(self.query) <= set(other.query)
        )


@dataclass(frozen=True, slots=True)
class Scopes:
    """A set of scopes: the words, and the grants in canonical order."""

    words: frozenset[str] = frozenset()
    grants: tuple[Grant, ...] = ()

    def __str__(self) -> str:
        return " ".join([*sorted(self.words), *map(str, self.grants)])

    def level(self, name: str) -> bool:
        """Whether any grant is of this level."""
        return any(grant.level == name for grant in self.grants)


def read(text: str) -> Scopes:
    """The scopes that a request or a token names. Raises Refusal `invalid_scope` for what is none."""
    parts = text.split(" ") if text else []
    if len(text) > MAX_LENGTH or len(parts) > MAX_SCOPES:
        raise Refusal("invalid_scope", "too many scopes")
    named = [one for one in parts if one]
    words = frozenset(one for one in named if one in WORDS)
    return Scopes(words, _sorted(grant(one) for one in named if one not in WORDS))


def grant(text: str) -> Grant:
    """One scope on resources, of SMART 2 or 1. Raises Refusal `invalid_scope`."""
    found = _GRANT.fullmatch(text)
    if found is None:
        raise Refusal("invalid_scope", "a scope is no SMART scope")
    level, kind, suffix, query = found.groups()
    acts = suffix if query else _VERSION_1.get(suffix, suffix)
    if "".join(one for one in _ORDER if one in acts) != acts:
        raise Refusal("invalid_scope", "what a scope allows is a part of cruds, in that order")
    if kind != "*" and not definition.is_resource(kind):
        raise Refusal("invalid_scope", "a scope names no resource type of FHIR R4")
    written = text if suffix in _VERSION_1 else None
    return Grant(level, kind, acts, _query(query), written)


def _query(text: str | None) -> Query:
    if text is None:
        return ()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Refusal("invalid_scope", "a scope's query cannot be read") from error
    return tuple(sorted(set(pairs)))


def _sorted(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    return tuple(sorted(set(grants), key=lambda one: (one.level, one.type, one.query, one.acts, one.written or "")))


def narrower(one: Scopes, other: Scopes) -> bool:
    """Whether all that `one` allows is allowed by `other`."""
    return one.words <= other.words and all(
        any(held.covers(act, grant) for held in other.grants) for grant in one.grants for act in grant.acts
    )


def common(asked: Scopes, allowed: Scopes) -> Scopes:
    """The part of what is asked for that is allowed. Never wider than either (RFC 6749 §3.3)."""
    found = (_part(grant, allowed.grants) for grant in asked.grants)
    return Scopes(asked.words & allowed.words, _sorted(grant for grant in found if grant is not None))


def _part(grant: Grant, allowed: tuple[Grant, ...]) -> Grant | None:
    acts = "".join(act for act in grant.acts if any(held.covers(act, grant) for held in allowed))
    if acts == grant.acts:
        return grant
    return Grant(grant.level, grant.type, acts, grant.query) if acts else None


def without(scopes: Scopes, *words: str) -> Scopes:
    """The same without some of the words."""
    return Scopes(scopes.words - set(words), scopes.grants)


def at_levels(scopes: Scopes, *levels: str) -> Scopes:
    """The same with grants of these levels only."""
    return Scopes(scopes.words, tuple(grant for grant in scopes.grants if grant.level in levels))
