"""The people of the region in households: those the dense units need first, then everybody else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from felles.demo import chance, clock, name, number, staff
from felles.demo.code import table
from felles.demo.place import Municipality, municipalities, of_kind, place
from felles.demo.resource import Json, key
from felles.demo.staff import Worker


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody close: HL7 v3 RoleCode, Norwegian word, name, telephone, and the number of one who is a Patient too."""

    code: str
    word: str
    given: str
    family: str
    sex: str
    telephone: str
    number: tuple[str, str] | None = None


@dataclass(slots=True)
class Person:
    """A made-up patient. `track` names the dense unit the person belongs to, with the place in its line; `parent_of`
    are the entries (child's id, ordinal) in which a parent stands; `protection` is the code of a protected address."""

    id: str
    seed: str
    ordinal: int
    sex: str
    birth: date
    given: str
    family: str
    origin: name.Origin
    town: Municipality
    address: Json
    interpreter: bool
    number: tuple[str, str]
    gp: Worker
    track: str = ""
    index: int = 0
    relatives: list[Relative] = field(default_factory=list)
    died: date | None = None
    parent_of: list[tuple[str, int]] = field(default_factory=list)
    protection: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


class Register:
    """Makes persons with unused numbers; every person has a random source of its own."""

    def __init__(self, seed: int, today: date) -> None:
        self.seed = seed
        self.today = today
        self.taken: set[str] = set()
        self.count = 0

    def rng(self, *parts: object) -> Random:
        return chance.source(self.seed, *parts)

    def birth(self, rng: Random, youngest: int, oldest: int) -> date:
        """A birth date that gives an age within the bounds today."""
        first = clock.years_before(self.today, oldest + 1) + timedelta(days=1)
        last = clock.years_before(self.today, youngest)
        return first + timedelta(days=rng.randrange((last - first).days + 1))

    def person(
        self,
        rng: Random,
        town: Municipality,
        sex: str,
        birth: date,
        *,
        like: Person | None = None,
        office: str = "",
    ) -> Person:
        """A person; one who is `like` another shares family name, origin, address and GP."""
        ordinal = self.count
        self.count += 1
        group = like.origin if like else name.origin(rng, town.key)
        given = name.given(rng, group.key, sex, clock.age(birth, self.today))
        family = like.family if like else name.family(rng, group.key)
        address = dict(like.address) if like else name.address(rng, town)
        return Person(
            key(self.seed, "person", ordinal), f"{self.seed}/{ordinal}", ordinal, sex, birth, given, family, group,
            town, address, rng.random() < group.interpreter, self._number(rng, birth, sex, group),
            like.gp if like else _gp(rng, town, office),
        )  # fmt: skip

    def _number(self, rng: Random, birth: date, sex: str, group: name.Origin) -> tuple[str, str]:
        temporary = rng.random() < group.temporary
        value = number.personal_number(birth, sex, rng.randrange(500), self.taken, temporary=temporary)
        return (number.DNR if temporary else number.FNR, value)


def _gp(rng: Random, town: Municipality, office: str) -> Worker:
    offices = [place(office)] if office else of_kind("gpoffice", town.key)
    weights = [3 if found.on_platform else 1 for found in offices]
    return rng.choice(staff.at(rng.choices(offices, weights)[0].key, "LE"))


def town(rng: Random, only: str = "", trust: str = "") -> Municipality:
    """A municipality drawn by its weight, perhaps only from those that a trust serves."""
    if only:
        return municipalities()[only]
    towns = [found for found in municipalities().values() if trust in ("", found.trust)]
    return rng.choices(towns, [found.weight for found in towns])[0]


def _relative(rng: Random, of: Person, code: str, word: str, sex: str, age: int) -> Relative:
    family = of.family if rng.random() < 0.7 else name.family(rng, of.origin.key)
    given = name.given(rng, of.origin.key, sex, max(18, age))
    return Relative(code, word, given, family, sex, number.telephone(500_000 + of.ordinal))


def add_relative(rng: Random, of: Person, today: date) -> None:
    """Parents of a child, a grown child or a spouse of the old."""
    age = clock.age(of.birth, today)
    if age < 18:
        of.relatives.append(_relative(rng, of, "MTH", "Mor", "female", age + 31))
        if rng.random() < 0.7:
            of.relatives.append(_relative(rng, of, "FTH", "Far", "male", age + 33))
    elif age >= 60 and rng.random() < 0.8:
        sex = rng.choice(("female", "male"))
        code, word = ("DAUC", "Datter") if sex == "female" else ("SONC", "Sønn")
        of.relatives.append(_relative(rng, of, code, word, sex, age - 29))


PROTECTED = {("ward", 9): "7", ("north", 12): "6", ("infant", 7): "6", ("orthopaedics", 133): "7"}
"""Place in a dense unit → code of a protected address."""


def dense(register: Register) -> Iterator[Person]:
    """The persons of data/slots.toml."""
    for slot in table("slots")["slot"]:
        for index in range(slot["count"]):
            rng = register.rng(slot["track"], slot.get("office", ""), index)
            sex = slot.get("sex") or rng.choice(("female", "male"))
            birth = register.birth(rng, *slot["ages"])
            where = town(rng, slot["town"], slot.get("trust", ""))
            person = register.person(rng, where, sex, birth, office=slot.get("office", ""))
            person.track, person.index = slot["track"], index
            person.protection = PROTECTED.get((slot["track"], index), "")
            add_relative(rng, person, register.today)
            yield person


def household(register: Register, rng: Random) -> list[Person]:
    """A family with children, a couple, or somebody alone; children come before the parents who refer to them."""
    where = town(rng)
    kind = rng.choices(("family", "couple", "single"), (40, 30, 30))[0]
    ages = {"family": (26, 50), "couple": (24, 92), "single": (19, 97)}[kind]
    head = register.person(rng, where, rng.choice(("female", "male")), register.birth(rng, *ages))
    members = [head]
    if kind != "single":
        members.append(_partner(register, rng, head))
    children = _children(register, rng, members) if kind == "family" else []
    return [*children, *members]


def _partner(register: Register, rng: Random, head: Person) -> Person:
    age = clock.age(head.birth, register.today)
    sex = "male" if head.sex == "female" else "female"
    birth = register.birth(rng, max(19, age - 5), max(20, age + 4))
    return register.person(rng, head.town, sex, birth, like=head)


def _children(register: Register, rng: Random, parents: list[Person]) -> list[Person]:
    mother = min(parents, key=lambda parent: parent.sex)
    oldest = min(17, clock.age(mother.birth, register.today) - 20)
    children = []
    for _ in range(rng.choice((1, 2, 2, 3))):
        if oldest >= 0:
            birth = register.birth(rng, 0, oldest)
            child = register.person(rng, mother.town, rng.choice(("female", "male")), birth, like=mother)
            _belongs(child, parents)
            children.append(child)
    return children


def family(register: Register) -> list[Person]:
    """A girl of fourteen, her brother, and their parents, all in the record; the children come first."""
    rng = register.rng("family")
    where = municipalities()["trondheim"]
    mother = register.person(rng, where, "female", register.birth(rng, 41, 43))
    father = register.person(rng, where, "male", register.birth(rng, 43, 46), like=mother)
    girl = register.person(rng, where, "female", register.birth(rng, 14, 14), like=mother)
    boy = register.person(rng, where, "male", register.birth(rng, 8, 8), like=mother)
    members = [girl, boy, mother, father]
    for index, member in enumerate(members):
        member.track, member.index = "family", index
    for child in (girl, boy):
        _belongs(child, [mother, father])
    return members


def _belongs(child: Person, parents: list[Person]) -> None:
    """Enters the parents in the child's record, and says in theirs where."""
    child.relatives = [_parent(parent) for parent in parents]
    for ordinal, parent in enumerate(parents):
        parent.parent_of.append((child.id, ordinal))


def _parent(parent: Person) -> Relative:
    code, word = ("MTH", "Mor") if parent.sex == "female" else ("FTH", "Far")
    phone = number.telephone(100_000 + parent.ordinal)
    return Relative(code, word, parent.given, parent.family, parent.sex, phone, parent.number)


def background(register: Register, count: int) -> Iterator[Person]:
    """`count` more persons, household by household."""
    made = 0
    while made < count:
        rng = register.rng("household", register.count)
        for person in household(register, rng)[: count - made]:
            made += 1
            age = clock.age(person.birth, register.today)
            if age >= 60 and not person.relatives:
                add_relative(rng, person, register.today)
            if age > 70 and rng.random() < 0.04:
                person.died = register.today - timedelta(days=rng.randint(20, 500))
            yield person
