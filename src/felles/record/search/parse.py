"""Search parameters as they stand in an address, read into a Query (https://hl7.org/fhir/R4/search.html)."""

from dataclasses import dataclass, field

from felles.record import definition
from felles.record.index.term import parameters
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.search.condition import Condition, Either, Keys, References, Selection
from felles.record.search.control import Control, searched_types
from felles.record.search.criterion.named import condition
from felles.record.search.query import Query
from felles.record.search.refusal import MAX_LENGTH, MAX_PARAMETERS, invalid, too_costly
from felles.record.search.scope import Expand, Related, Scope, scope


def parse(
    type_name: str | None,
    pairs: list[tuple[str, str]],
    *,
    lenient: bool = False,
    compartment: tuple[str, str] | None = None,
    base: str = "",
    expand: Expand | None = None,
    related: Related | None = None,
) -> Query:
    """The Query of a search for `type_name` (None: the whole system, or what _type says).

    `compartment` is (type, id), as in ("Patient", "23"). `lenient`: parameters that cannot be read are left out and
    told in `Query.ignored`. `base`: the server's own address, whose references are local. `expand` gives the codes
    of a value set, `related` those above or below a code. Raises Problem 400 (with the valid names) for what cannot
    be read, 403 for what costs too much.
    """
    if len(pairs) > MAX_PARAMETERS:
        raise too_costly(f"a search has at most {MAX_PARAMETERS} parameters")
    types = searched_types(type_name, pairs)
    confined: tuple[Condition, ...] = ()
    if compartment is not None:
        types, confined = _compartment(types, *compartment)
    reading = _Reading(scope(types, base, expand, related), Control(types), lenient)
    found = [one for name, value in pairs if (one := reading.take(name, value)) is not None]
    control = reading.control
    return Query(
        Selection(types, (*confined, *found)),
        control.sort,
        control.count,
        control.total,
        control.summary,
        control.elements,
        tuple(control.includes),
        tuple(control.revincludes),
        tuple(reading.ignored),
        tuple(reading.applied),
    )


@dataclass(slots=True)
class _Reading:
    """One address while it is read."""

    scope: Scope
    control: Control
    lenient: bool
    ignored: list[str] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)

    def take(self, name: str, value: str) -> Condition | None:
        """The condition of one parameter, None for those that shape the answer."""
        try:
            found = self._read(name, value)
        except Problem as refusal:
            if not self.lenient or refusal.status != 400:
                raise
            self.ignored += [issue.diagnostics for issue in refusal.issues]
            return None
        self.applied.append((name, value))
        return found

    def _read(self, name: str, value: str) -> Condition | None:
        if len(value) > MAX_LENGTH and name.partition(":")[0] != "_id":
            raise too_costly(f"a value has at most {MAX_LENGTH} characters")
        if self.control.take(name, value):
            return None
        return condition(name, value, self.scope)


def _compartment(types: tuple[str, ...], name: str, id: str) -> tuple[tuple[str, ...], tuple[Condition, ...]]:
    """The types of the compartment and the condition that holds them to it, among them its owner
    (https://hl7.org/fhir/R4/compartmentdefinition.html)."""
    try:
        members = definition.compartment(name)
    except KeyError as error:
        raise invalid("compartment", "there are the compartments of Patient, Encounter and others") from error
    inside = tuple(one for one in types if members.get(one) or one == name)
    if not inside:
        raise invalid("compartment", f"the compartment of {name} holds no such resources")
    owner = key64(f"{name}/{id}")
    numbers = tuple(
        number
        for one in inside
        for code in members.get(one, ())
        if code in parameters(one)
        for number in parameters(one)[code].numbers
    )
    linked = References(tuple(dict.fromkeys(numbers)), (owner,)) if numbers else None
    if name not in inside:
        return inside, (linked,) if linked else ()
    return inside, (Either((Keys((owner,)), linked)) if linked else Keys((owner,)),)
