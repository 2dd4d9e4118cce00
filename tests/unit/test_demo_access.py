"""The made-up region under access control: everybody sees the patients they work with, by relations in the data."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import orjson
import pytest

from felles.access import age
from felles.access.agreement import agreement, reach
from felles.access.decision import Reason, Verdict, What, decide
from felles.access.facts import Facts, Relation
from felles.access.ground import HIDDEN_FROM_PARENTS, LABEL, Kind
from felles.access.parent import is_parent
from felles.access.part import Traits
from felles.access.right import of_role
from felles.access.role import employment
from felles.access.unit import Piece, Tree, tree
from felles.access.who import Kind as Asker
from felles.access.who import Purpose, Who
from felles.access.wish import Wishes, kind_of
from felles.demo import STORY, people, region
from felles.demo.agreement import parties
from felles.demo.place import place
from felles.demo.population import Person
from felles.demo.region import population, record
from felles.record.index import extract
from felles.record.index.value import key64
from felles.record.protection import protection_of
from felles.record.validation import validate

TODAY = date(2026, 11, 23)
NOW = int(datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp()) * 1_000_000
Json = dict[str, Any]
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


class Region:
    """The region as facts for decisions."""

    def __init__(self) -> None:
        self.persons: list[Person] = list(population(1, 1, TODAY))
        self.by_type: dict[str, list[Json]] = defaultdict(list)
        self.relations: dict[int, list[Relation]] = defaultdict(list)
        self.wishes: dict[int, Wishes] = defaultdict(Wishes)
        for resource in region(1, 1, TODAY):
            self.by_type[resource["resourceType"]].append(resource)
            for patient, *row in extract(resource["resourceType"], resource).relations:
                self.relations[patient].append(Relation(*row))
            if resource["resourceType"] == "Consent":
                self.wishes[key64(resource["patient"]["reference"])].add(resource)
        pieces = [self._pieces(name) for name in ("Organization", "HealthcareService", "Location")]
        self.tree: Tree = tree(*pieces)
        self.patients = {one["id"]: one for one in self.by_type["Patient"]}

    def _pieces(self, name: str) -> list[Piece]:
        return [msgspec.json.decode(orjson.dumps(one), type=Piece) for one in self.by_type[name]]

    def who(self, id: str) -> Who:
        (found,) = [one for one in people() if one.id == id]
        (role,) = [
            one
            for one in self.by_type["PractitionerRole"]
            if f"PractitionerRole/{one['id']}" == found.practitioner_role
        ]
        held = employment(role)
        assert held is not None and found.practitioner
        keys = self.tree.keys(held.role.unit) | {key64(held.practitioner), key64(held.role.id)}
        return Who(found.practitioner, found.name, Asker.STAFF, held.role, keys, self.tree.party(held.role.unit))

    def facts(self, id: str) -> Facts:
        key, patient, wishes = key64(f"Patient/{id}"), self.patients[id], self.wishes[key64(f"Patient/{id}")]
        near = {f"RelatedPerson/{r['id']}" for r in self.by_type["RelatedPerson"]
                if r["patient"]["reference"] == f"Patient/{id}" and is_parent(r)}  # fmt: skip
        parents = frozenset(
            key64(f"Patient/{one['id']}") for one in self.by_type["Patient"]
            if any(link["other"]["reference"] in near for link in one.get("link", ()))
        )  # fmt: skip
        return Facts(
            key, tuple(self.relations[key]), tuple(wishes.locks), tuple(wishes.blocks), tuple(wishes.openings),
            (), tuple(wishes.representations), parents, age.births(patient.get("birthDate")),
            protection_of(patient) is not None,
        )  # fmt: skip

    def verdict(self, who: Who, id: str, **more: Any) -> Verdict:
        unit = self.tree.names(who.role.unit) if who.role else frozenset()
        named = unit | {key64(who.id), key64(who.role.id)} if who.role else frozenset({key64(who.id)})
        return decide(who, What(self.facts(id), named=named, **more), who.purpose, NOW)

    def seen(self, who: Who) -> set[str]:
        subjects = [
            id for id in self.patients if any(one.subject in who.keys for one in self.relations[key64(f"Patient/{id}")])
        ]
        return {id for id in subjects if self.verdict(who, id).allow}

    def of(self, track: str, index: int) -> str:
        return next(one.id for one in self.persons if (one.track, one.index) == (track, index))

    def track(self, name: str) -> set[str]:
        return {one.id for one in self.persons if one.track == name}


@pytest.fixture(scope="module")
def made() -> Iterator[Region]:
    yield Region()


@pytest.mark.parametrize(
    ("person", "track"),
    [
        ("lege", "ward"),
        ("sykepleier", "ward"),
        ("merkantil", "orthopaedics"),
        ("hjemmesykepleier", "north"),
        ("helsesykepleier", "infant"),
        ("helsesykepleier", "pregnant"),
    ],
)
def test_everybody_sees_the_patients_they_work_with(made: Region, person: str, track: str) -> None:
    who = made.who(person)
    assert of_role(who.role.code if who.role else "").finds
    assert made.track(track) <= made.seen(who)


def test_the_gp_sees_the_list_and_the_patient_of_the_story(made: Region) -> None:
    gp = made.who("fastlege")
    assert gp.role is not None
    listed = {one["id"] for one in made.by_type["Patient"]
              if any(r["reference"] == gp.role.id for r in one.get("generalPractitioner", ()))}  # fmt: skip
    assert len(listed) > 20 and listed <= made.seen(gp)
    assert made.verdict(gp, STORY["patient"]).allow
    assert not made.verdict(made.who("merkantil"), STORY["patient"]).allow


def test_the_health_station_follows_the_small_children_of_its_municipality(made: Region) -> None:
    small = [one for one in made.persons if one.birth > date(2020, 11, 23) and one.town.key == "trondheim"]
    assert len(small) > 40 and {one.id for one in small} <= made.seen(made.who("helsesykepleier"))


def test_nobody_sees_everybody(made: Region) -> None:
    for person in ("lege", "sykepleier", "merkantil", "fastlege", "hjemmesykepleier", "helsesykepleier"):
        assert len(made.seen(made.who(person))) < len(made.patients) * 0.7
    for person in ("utrullingsleder", "personvernombud"):
        rights = of_role((made.who(person).role or made.who(person)).code)  # type: ignore[union-attr]
        assert "Observation" not in rights.read and not rights.finds


def test_the_leader_and_the_privacy_officer_have_roles_of_their_own(made: Region) -> None:
    leader, officer = made.who("enhetsleder"), made.who("personvernombud")
    assert leader.role and officer.role
    assert (leader.role.code, leader.role.unit) == ("leder", place("medisin-sengepost").organization)
    assert (officer.role.code, officer.role.unit) == ("personvernombud", place("stolav").organization)


def test_all_parties_on_the_platform_have_one_agreement(made: Region) -> None:
    (contract,) = made.by_type["Contract"]
    assert not validate("Contract", contract)
    found = agreement(contract)
    assert found is not None and found.parties == {one.organization for one in parties()}
    staffed = {made.tree.party(one["organization"]["reference"]) for one in made.by_type["PractitionerRole"]}
    outside = {f"Organization/{one['id']}" for one in made.by_type["Organization"] if len(one["meta"]["tag"]) > 1}
    assert staffed - found.parties <= outside | {place("program").organization}
    assert place("trondheim").organization in reach(place("stolav").organization, [found], NOW)


def test_some_addresses_are_protected_in_the_words_of_the_register(made: Region) -> None:
    found = {id: protection_of(one) for id, one in made.patients.items() if protection_of(one)}
    assert sorted(found.values()) == ["6", "6", "7", "7"]
    (label,) = made.patients[made.of("north", 12)]["meta"]["security"]
    assert label["display"].startswith("Strengt fortrolig")
    for one in made.by_type["RelatedPerson"]:
        assert (protection_of(one) is not None) == (one["patient"]["reference"].partition("/")[2] in found)


def test_a_lock_on_mental_health_leaves_the_clinic_and_the_rest(made: Region) -> None:
    patient = made.of("dps", 5)
    psychiatric = Traits("DocumentReference", 1, frozenset(((ACT_CODE, "PSY"),)))
    other = Traits("DocumentReference", 2)
    therapist = next(one for one in made.by_type["PractitionerRole"]
                     if one["organization"]["reference"] == place("dps").organization)  # fmt: skip
    held = employment(therapist)
    assert held is not None
    keys = made.tree.keys(held.role.unit) | {key64(held.practitioner), key64(held.role.id)}
    inside = Who(held.practitioner, "", Asker.STAFF, held.role, keys)
    assert made.verdict(inside, patient, traits=psychiatric).allow
    gp = made.patients[patient]["generalPractitioner"][0]["reference"]
    held = employment(next(one for one in made.by_type["PractitionerRole"] if f"PractitionerRole/{one['id']}" == gp))
    assert held is not None
    outside = Who(held.practitioner, "", Asker.STAFF, held.role, frozenset((key64(held.role.id),)))
    assert made.verdict(outside, patient, traits=other).allow
    assert made.verdict(outside, patient, traits=psychiatric).reason is Reason.LOCKED


def test_a_blocked_neighbour_sees_nothing(made: Region) -> None:
    patient = made.of("ward", 6)
    (blocked,) = [one for one in made.by_type["Consent"] if kind_of(one) is Kind.BLOCK]
    assert blocked["patient"]["reference"] == f"Patient/{patient}"
    name = blocked["provision"]["actor"][0]["reference"]["reference"]
    role = employment(next(r for r in made.by_type["PractitionerRole"] if r["practitioner"]["reference"] == name))
    assert role is not None
    who = Who(name, "", Asker.STAFF, role.role, made.tree.keys(role.role.unit))
    assert made.verdict(who, patient).reason is Reason.BLOCKED
    assert made.verdict(who, made.of("ward", 7)).allow


def test_the_patient_of_the_story_represents_a_neighbour(made: Region) -> None:
    whom = made.of("north", 8)
    me = Who(f"Patient/{STORY['patient']}", "", Asker.PATIENT, purpose=Purpose.REPRESENTING, acts_for=f"Patient/{whom}")
    found = made.verdict(me, whom)
    assert found.allow and found.only is not None
    assert "MedicationRequest" in found.only and "DocumentReference" not in found.only


def test_a_mother_sees_her_son_and_little_of_her_daughter(made: Region) -> None:
    girl, boy, mother = (made.of("family", index) for index in (0, 1, 2))
    assert made.patients[mother]["link"]
    for child, whole in ((girl, False), (boy, True)):
        me = Who(f"Patient/{mother}", "", Asker.PATIENT, purpose=Purpose.REPRESENTING, acts_for=f"Patient/{child}")
        found = made.verdict(me, child)
        assert found.allow and (found.only is None) is whole
    hidden = [one for one in made.by_type["DocumentReference"] if {"system": LABEL, "code": HIDDEN_FROM_PARENTS}.items()
              <= (one["meta"].get("security") or [{}])[0].items()]  # fmt: skip
    assert [one["subject"]["reference"] for one in hidden] == [f"Patient/{girl}"]


def test_children_come_before_the_parents_who_refer_to_them() -> None:
    persons = list(population(1_000, 1, TODAY))
    order = {person.id: place for place, person in enumerate(persons)}
    parents = [person for person in persons if person.parent_of]
    assert len(parents) > 50
    assert all(order[child] < order[parent.id] for parent in parents for child, _ in parent.parent_of if child in order)
    parent = next(one for one in persons[700:] if one.parent_of)
    links = record(parent, TODAY)[0]["link"]
    child = next(one for one in persons if one.id == parent.parent_of[0][0])
    entries = [one for one in record(child, TODAY) if one["resourceType"] == "RelatedPerson"]
    assert links[0]["other"]["reference"] in {f"RelatedPerson/{one['id']}" for one in entries}
    assert parent.number[1] in {one["identifier"][0]["value"] for one in entries}
