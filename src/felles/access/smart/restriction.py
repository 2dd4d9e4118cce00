"""Scopes as the record's guard needs them: types, patients and conditions that only ever take away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from felles.access.smart import scope
from felles.access.smart.refusal import Refusal
from felles.access.smart.scope import Grant, Scopes
from felles.record import definition, search
from felles.record.guard import Act, Sight, Touch
from felles.record.index.term import parameters
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.search.condition import Both, Condition, Either, Seen

LETTERS: Mapping[Act, str] = {
    Act.READ: "r",
    Act.SEARCH: "s",
    Act.HISTORY: "rs",
    Act.CREATE: "c",
    Act.UPDATE: "u",
    Act.DELETE: "d",
}
"""What each interaction needs (SMART App Launch 2.2, Scopes for requesting FHIR Resources). Histories of one resource
and of a type are not told apart, so that they need what both do."""
READING = frozenset({"$everything", "$validate", "$expand", "$lookup", "$subsumes", "$validate-code"})
"""Operations that give only what reading gives. All others work on whole records, past what a scope can name; $match
among them searches all patients, and needs a scope that does."""
_PEOPLE = frozenset({"Patient", "Person", "RelatedPerson", "Practitioner"})
"""Types by whose values nobody may ask in a scope: a protected address could be guessed piece by piece."""
_SAFE = frozenset({"token", "reference"})
NOBODYS = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location", "Endpoint", "Medication"}
    | {"Substance", "ValueSet", "CodeSystem", "ConceptMap", "NamingSystem", "Questionnaire", "PlanDefinition"}
    | {"ActivityDefinition", "StructureDefinition", "SearchParameter", "OperationDefinition", "Library"}
)
"""Types that concern no patient: a user's scopes on them stand beside those on a patient without more patients."""
Letters = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Restriction:
    """What scopes leave of a sight. `wide` and `near`: letters of "cruds" by type (or "*"), from scopes of a user or a
    system, and from those on `patient` (a key) alone; `limits`: by type number, what must hold of a row as well."""

    wide: Letters = field(default_factory=dict)
    near: Letters = field(default_factory=dict)
    patient: int | None = None
    limits: Mapping[int, Condition] = field(default_factory=dict)

    def allows(self, act: Act, type_name: str) -> bool:
        """Whether this may be done with some resource of a type; for `call`, with an operation of this `$name`."""
        if act is Act.CALL and type_name in READING:
            return any(letters & {"r", "s"} for letters in (*self.wide.values(), *self.near.values()))
        if act is Act.CALL and type_name == "$match":
            return _letters(self.wide, "Patient") >= {"r", "s"}
        if act is Act.CALL:
            return frozenset("cruds") <= self.wide.get("*", frozenset())
        return (_letters(self.wide, type_name) | _letters(self.near, type_name)).issuperset(LETTERS[act])

    def allows_touch(self, touch: Touch) -> bool:
        """Whether this write may be done to whom it concerns: a scope on a patient reaches nobody else's resources,
        and none that are nobody's."""
        needed = LETTERS[touch.act]
        if _letters(self.wide, touch.type).issuperset(needed):
            return True
        whom = touch.before | touch.after
        return _letters(self.near, touch.type).issuperset(needed) and whom == {self.patient}

    @property
    def only(self) -> int | None:
        """The key of the one patient whom all of it is about; None where a user's scopes reach others as well."""
        return self.patient if NOBODYS.issuperset(self.wide) else None

    @property
    def types(self) -> frozenset[int] | None:
        """Numbers of the types that may be read or searched; None: all."""
        named = {name for letters in (self.wide, self.near) for name, acts in letters.items() if acts & {"r", "s"}}
        return None if "*" in named else frozenset(map(definition.type_number, named))

    def narrowed(self, sight: Sight) -> Sight:
        """What is left of a sight: nothing that it did not hold."""
        left = sight if self.only is None else sight.narrowed(frozenset((self.only,)))
        types = self.types
        if types is not None:
            left = replace(left, types=types if left.types is None else left.types & types)
        return replace(left, limits=_both(left.limits, self.limits)) if self.limits else left


def _letters(held: Letters, type_name: str) -> frozenset[str]:
    return held.get(type_name, frozenset()) | held.get("*", frozenset())


def _both(one: Mapping[int, Condition], other: Mapping[int, Condition]) -> Mapping[int, Condition]:
    return {
        number: Both((one[number], other[number])) if number in one and number in other else found
        for number, found in {**one, **other}.items()
    }


@lru_cache(1_024)
def restriction(scopes: Scopes, patient: str | None = None) -> Restriction:
    """The restriction of scopes; `patient` is the id in context of an app's launch, without whom scopes on a patient
    allow nothing. Raises Refusal `invalid_scope` for a query that cannot restrict."""
    held = [one for one in supported(scopes).grants if one.level != "patient" or patient]
    wide, near = (_by_type(one for one in held if (one.level == "patient") is on) for on in (False, True))
    key = key64(f"Patient/{patient}") if near and patient else None
    return Restriction(wide, near, key, _limits(held, None if NOBODYS.issuperset(wide) else key))


def _by_type(grants: Iterable[Grant]) -> Letters:
    found: dict[str, frozenset[str]] = {}
    for one in grants:
        found[one.type] = found.get(one.type, frozenset()) | frozenset(one.acts)
    return found


def _limits(held: Sequence[Grant], key: int | None) -> dict[int, Condition]:
    """`key`: the patient in context where scopes without one stand beside those on the patient."""
    if not any(one.query or (key and one.level == "patient") for one in held):
        return {}
    named = {one.type for one in held}
    found = {}
    for name in definition.RESOURCE_TYPES if "*" in named else named:
        limit = _limit([one for one in held if one.type in ("*", name)], name, key)
        if limit is not None:
            found[definition.type_number(name)] = limit
    return found


def _limit(grants: Sequence[Grant], name: str, key: int | None) -> Condition | None:
    """What must hold of a type: some scope's conditions, for reading as well as for searching."""
    whole: list[Condition] = []
    for letter in "rs":
        ways = [_conditions(one, name, key) for one in grants if letter in one.acts]
        limit = _one(Either, [_one(Both, way) for way in ways]) if ways and all(ways) else None
        if limit is not None and limit not in whole:
            whole.append(limit)
    return _one(Both, whole) if whole else None


def _one(joined: type[Either] | type[Both], conditions: Sequence[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else joined(tuple(conditions))


def _conditions(grant: Grant, name: str, key: int | None) -> tuple[Condition, ...]:
    own: tuple[Condition, ...] = ()
    if grant.level == "patient" and key is not None:
        own = (Seen(Sight(patients=frozenset((key,)))),)
    return (*own, *conditions(name, grant.query))


@lru_cache(1_024)
def conditions(type_name: str, query: scope.Query) -> tuple[Condition, ...]:
    """A scope's query as conditions of the search. Raises Refusal `invalid_scope`.

    Codes and references of the resource itself are taken: what looks at other resources, or at the values of people,
    could be asked in order to learn what the answers must not tell.
    """
    for name, _ in query:
        if not _takes(type_name, name):
            raise Refusal("invalid_scope", "a scope's query may name codes and references of its own type only")
    try:
        return search.parse(type_name, list(query)).selection.conditions
    except Problem as error:
        raise Refusal("invalid_scope", "a scope's query cannot be searched by") from error


def _takes(type_name: str, name: str) -> bool:
    code, _, modifier = name.partition(":")
    found = parameters(type_name).get(code) if definition.is_resource(type_name) else None
    if found is None or modifier not in ("", "not") or "." in name:
        return False
    return found.type in _SAFE and (type_name not in _PEOPLE or code in ("_tag", "_security"))


def supported(scopes: Scopes) -> Scopes:
    """The part that can be kept to: a query restricts reading and searching, so that writing goes with scopes without
    one only. Raises Refusal `invalid_scope`."""
    kept = []
    for grant in scopes.grants:
        if not grant.query:
            kept.append(grant)
            continue
        conditions(grant.type, grant.query)
        acts = "".join(act for act in grant.acts if act in "rs")
        kept += [replace(grant, acts=acts)] if acts else []
    return Scopes(scopes.words, tuple(kept))
