"""Whether a resource conforms to a profile whose StructureDefinition is at hand.

https://hl7.org/fhir/R4/profiling.html#resources. Profile by profile: what a differential says is checked, then what
its base says. Cardinality, fixed and pattern values, types and their profiles, reference targets, required bindings,
slices and invariants are checked; mustSupport is a promise of systems and is not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record import definition
from felles.record.fhirpath import FhirPathError, Node, compile, root
from felles.record.outcome import Issue
from felles.record.terminology import Membership, NotExpandable, Source, members
from felles.record.validation import reference
from felles.record.validation.agreement import like, same
from felles.record.validation.invariant import ELSEWHERE
from felles.record.validation.rule import Rule, rules
from felles.record.validation.slicing import Slicing

_BASE = "http://hl7.org/fhir/StructureDefinition/"
DEEPEST = 24
"""How many profiles may lead to one another."""
_CODED = ("code", "Coding", "CodeableConcept", "Quantity", "string", "uri")
Pairs = frozenset[tuple[str, str]]


def is_core(url: str) -> bool:
    """Whether this is a type of R4 itself."""
    name = url.removeprefix(_BASE)
    return name in ("Resource", "DomainResource") or definition.is_resource(name) or name in definition.DATATYPES


def faults(resource: Mapping[str, Any], profile: str, source: Source, place: str) -> Iterator[Issue]:
    """The issues of a resource that is valid R4. What could not be checked is told as information.

    `place` is where the profile was named.
    """
    address = profile.partition("|")[0]
    if not is_core(address) and source.structure(address) is None:
        yield Issue("not-supported", f"{_not_here(address)}; those of R4 itself were", place, "information")
    else:
        yield from Conformance(resource, source).profile(root(resource), profile)


def _not_here(address: str) -> str:
    return f"the rules of the profile {address[:200]} were not checked: it is not stored here"


class Conformance:
    """One resource and the profiles it is held against."""

    def __init__(self, resource: Mapping[str, Any], source: Source) -> None:
        self._source = source
        self._told: set[str] = set()
        self._found: dict[tuple[str, str], list[Issue]] = {}
        self._sets: dict[str, Pairs | None] = {}
        listed = resource.get("contained", ())
        self._contained = {str(one.get("id")): one for one in listed if isinstance(one, Mapping)}

    def profile(self, node: Node, url: str, depth: int = 0) -> list[Issue]:
        """The issues of an element or resource under a profile and the profiles it is made from.

        Each element is held against each profile once, however profiles lead to one another.
        """
        key = (node.location(), url.partition("|")[0])
        if key not in self._found:
            self._found[key] = []
            self._found[key] = list(self._profile(node, key[1], depth))
        return self._found[key]

    def _profile(self, node: Node, address: str, depth: int) -> Iterator[Issue]:
        if is_core(address):
            yield from _is_a(node, address)
            return
        structure = self._source.structure(address)
        if structure is None or depth > DEEPEST:
            yield from self._untold(_not_here(address), node)
            return
        if structure.get("type") not in node.type.ancestors:
            words = f"the profile {address[:200]} is for {structure.get('type')}, not for {node.type.name}"
            yield Issue("structure", words, node.location())
            return
        yield from self.element(rules(structure), node, depth)
        if "differential" in structure and (base := structure.get("baseDefinition")):
            yield from self.profile(node, str(base), depth + 1)

    def element(self, rule: Rule, node: Node, depth: int) -> Iterator[Issue]:
        """The issues of one element and of all below it."""
        yield from self._value(rule, node)
        yield from self._types(rule, node, depth)
        yield from self._binding(rule, node)
        yield from self._invariants(rule, node)
        for name in dict.fromkeys(child.name for child in rule.children):
            yield from self._child(rule, name, node, depth)

    def _child(self, rule: Rule, name: str, node: Node, depth: int) -> Iterator[Issue]:
        whole = next((one for one in rule.children if one.name == name and not one.slice), Rule(name))
        found = below(node, name)
        yield from _counted(whole, len(found), node)
        for one in found:
            yield from self.element(whole, one, depth)
        if slices := rule.slices(name):
            yield from self._sliced(Sliced(whole, slices, found, node), depth)

    def _sliced(self, sliced: "Sliced", depth: int) -> Iterator[Issue]:
        slicing = Slicing.of(sliced.whole, choice=sliced.choice)
        left = list(sliced.found)
        untold = False
        for slice in sliced.slices:
            answers = [(one, slicing.belongs(one, slice, self.member)) for one in sliced.found]
            if any(answer is None for _, answer in answers):
                untold = True
                words = f"whether an element belongs to the slice {slice.slice} cannot be told here"
                yield from self._untold(words, sliced.node, slice.name)
                continue
            mine = [one for one, answer in answers if answer]
            left = [one for one in left if one not in mine]
            yield from _counted(slice, len(mine), sliced.node)
            for one in mine:
                yield from self.element(slice, one, depth)
        if slicing.rules == "closed" and not untold:
            for one in left:
                yield Issue("structure", "this belongs to none of the slices that are allowed here", one.location())

    def _value(self, rule: Rule, node: Node) -> Iterator[Issue]:
        fixed, pattern = rule.valued("fixed"), rule.valued("pattern")
        if fixed is not None and not same(node.value, fixed):
            yield Issue("value", f"the value must be {_shown(fixed)}", node.location())
        if pattern is not None and not like(node.value, pattern):
            yield Issue("value", f"the value must have {_shown(pattern)}", node.location())
        longest = rule.element.get("maxLength")
        if isinstance(longest, int) and isinstance(node.value, str) and len(node.value) > longest:
            yield Issue("too-long", f"at most {longest} characters are allowed", node.location())

    def _types(self, rule: Rule, node: Node, depth: int) -> Iterator[Issue]:
        stated = {str(one.get("code")): one for one in rule.types if not str(one.get("code")).startswith("http")}
        if not stated or node.parent is None:
            return
        own = next((one for code, one in stated.items() if code in node.type.ancestors), None)
        if own is None:
            yield Issue("structure", f"the type must be {' or '.join(stated)}", node.location())
            return
        profiles = [str(url) for url in own.get("profile", ())]
        if profiles:
            yield from self._one_of(profiles, node, depth)
        if node.type.name == "Reference" and isinstance(node.value, Mapping):
            yield from self._targets([str(url) for url in own.get("targetProfile", ())], node)

    def _one_of(self, profiles: list[str], node: Node, depth: int) -> Iterator[Issue]:
        best: list[Issue] = []
        for url in profiles:
            found = self.profile(node, url, depth + 1)
            if not any(issue.severity == "error" for issue in found):
                yield from found
                return
            best = best or found
        yield from best

    def _targets(self, profiles: list[str], node: Node) -> Iterator[Issue]:
        targets = []
        for url in profiles:
            address = url.partition("|")[0]
            structure = None if is_core(address) else self._source.structure(address)
            targets.append(address.removeprefix(_BASE) if structure is None else str(structure.get("type")))
        if not targets or not all(definition.is_resource(name) for name in targets):
            return
        types = {id: str(one.get("resourceType")) for id, one in self._contained.items()}
        if wrong := reference.fault(node.value, tuple(targets), types):
            yield Issue(wrong.code, wrong.text, f"{node.location()}.reference")

    def _binding(self, rule: Rule, node: Node) -> Iterator[Issue]:
        binding = rule.element.get("binding", {})
        url = binding.get("valueSet")
        if binding.get("strength") != "required" or not url or node.type.name not in _CODED or node.value is None:
            return
        answer = self.member(node.value, str(url))
        if answer is None:
            yield from self._untold(
                f"the value set {str(url)[:200]} cannot be expanded, its binding is unchecked", node
            )
        elif not answer:
            yield Issue("code-invalid", f"no code is from the required value set {url}", node.location())

    def member(self, value: Any, url: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept is in a value set; None when that cannot be told."""
        address = url.partition("|")[0]
        if address not in self._sets:
            self._sets[address] = self._expanded(address)
        pairs = self._sets[address]
        if pairs is None:
            return None
        if isinstance(value, str):
            return any(code == value for _, code in pairs)
        codings = value.get("coding", [value]) if isinstance(value, Mapping) else ()
        return any((one.get("system"), one.get("code")) in pairs for one in codings if isinstance(one, Mapping))

    def _expanded(self, url: str) -> Pairs | None:
        found = self._source.value_set(url)
        try:
            return None if found is None else frozenset(members(found, self._source))
        except NotExpandable:
            return None

    def _invariants(self, rule: Rule, node: Node) -> Iterator[Issue]:
        for stated in rule.element.get("constraint", ()):
            key, text = str(stated.get("key")), stated.get("expression")
            if not text or key in ELSEWHERE or str(stated.get("source", "")).startswith(_BASE):
                continue
            severity = "error" if stated.get("severity") == "error" else "warning"
            try:
                holds = compile(text).test(node, resolve=self._resolve, terminology=Membership(self._source))
            except FhirPathError:
                yield from self._untold(f"the invariant {key[:80]} cannot be decided here", node)
                continue
            if not holds:
                yield Issue("invariant", f"{stated.get('human')} ({key})", node.location(), severity)

    def _resolve(self, literal: str) -> Mapping[str, Any] | None:
        return self._contained.get(literal[1:]) if literal.startswith("#") else None

    def _untold(self, words: str, node: Node, name: str = "") -> Iterator[Issue]:
        """Says once what was not checked."""
        if words not in self._told:
            self._told.add(words)
            yield Issue("not-supported", words, node.location() + (f".{name}" if name else ""), "information")


def _is_a(node: Node, core: str) -> Iterator[Issue]:
    name = core.removeprefix(_BASE)
    if name not in node.type.ancestors:
        yield Issue("structure", f"the profile is {name}, this is {node.type.name}", node.location())


class Sliced:
    """The elements of one name below a node, and the slices they are to be told apart by."""

    def __init__(self, whole: Rule, slices: list[Rule], found: list[Node], node: Node) -> None:
        self.whole, self.slices, self.found, self.node = whole, slices, found, node

    @property
    def choice(self) -> bool:
        return len(self.node.type.members.get(self.whole.name, ())) > 1


def below(node: Node, name: str) -> list[Node]:
    """The child elements of a name; `valueQuantity` means a choice of just that type."""
    found: list[Node] = []
    if name in node.type.members:
        node.collect(name, found)
    elif name in node.type.properties:
        node.collect(node.type.properties[name][0], found)
        found = [one for one in found if one.key == name]
    return found


def _counted(rule: Rule, count: int, node: Node) -> Iterator[Issue]:
    least, most = rule.element.get("min", 0), rule.element.get("max", "*")
    place = f"{node.location()}.{rule.name}"
    what = f"{rule.name}:{rule.slice}" if rule.slice else rule.name
    if isinstance(least, int) and count < least:
        yield Issue("required", f"the profile asks for at least {least} of {what}, there are {count}", place)
    if isinstance(most, str) and most.isdigit() and count > int(most):
        yield Issue("structure", f"the profile allows at most {most} of {what}, there are {count}", place)


def _shown(value: Any) -> str:
    return repr(value)[:200]
