"""Staff in roles: Practitioner and PractitionerRole per unit, the demo's named people first."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from felles.demo import chance, name, number
from felles.demo.code import VOLVEN, rows
from felles.demo.place import Place, place, places
from felles.demo.resource import Json, identifier, key, reference, resource

PROFESSIONS = {
    "LE": "Lege",
    "SP": "Sykepleier",
    "HF": "Helsefagarbeider",
    "HE": "Helsesekretær",
    "JO": "Jordmor",
    "PS": "Psykolog",
    "VP": "Vernepleier",
    "RA": "Radiograf",
    "BI": "Bioingeniør",
    "XX": "Ikke helsepersonell",
}
"""Volven 9060, category of health personnel."""

ROLE = "urn:felles:role"
OWN = {"leder": "Enhetsleder", "personvernombud": "Personvernombud", "utrullingsleder": "Utrullingsleder"}
"""The house's own role codes, for work that is no treatment."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One person in one role at one unit; `code` is one of `OWN`, empty for who treats patients there."""

    key: str
    given: str
    family: str
    sex: str
    profession: str
    place: Place
    ordinal: int
    code: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def practitioner(self) -> str:
        return f"Practitioner/{key('staff', self.key)}"

    @property
    def role(self) -> str:
        return f"PractitionerRole/{key('staff', self.key)}"

    def as_reference(self) -> Json:
        return reference(self.practitioner, self.name)


def _named(own: bool, first: int = 0) -> list[Worker]:
    found = (row for row in rows("people.csv") if bool(row["group"]) is own)
    return [
        Worker(row["key"], row["given"], row["family"], row["sex"], row["profession"], place(row["place"]), ordinal,
               row["code"])
        for ordinal, row in enumerate(found, first)
    ]  # fmt: skip


def _wanted(found: Place) -> list[tuple[str, int]]:
    return [(entry[:2], int(entry[2:])) for entry in found.staff.split()]


def _drawn(found: Place, profession: str, index: int, ordinal: int) -> Worker:
    rng = chance.source("staff", found.key, profession, index)
    sex = "female" if rng.random() < (0.5 if profession == "LE" else 0.8) else "male"
    group = name.origin(rng, found.municipality.key).key
    given = name.given(rng, group, sex, rng.randint(26, 64))
    worker_key = f"{found.key}/{profession}/{index}"
    return Worker(worker_key, given, name.family(rng, group), sex, profession, found, ordinal)


@cache
def workers() -> tuple[Worker, ...]:
    """Everybody at work in the region; the same for every seed."""
    found = _named(own=False)
    for spot in places().values():
        for profession, count in _wanted(spot):
            present = sum(w.place == spot and w.profession == profession for w in found)
            for index in range(present, count):
                found.append(_drawn(spot, profession, index, len(found)))
    return (*found, *_named(own=True, first=len(found)))


@cache
def at(place_key: str, profession: str | None = None) -> tuple[Worker, ...]:
    """Who treats patients at a unit, perhaps only those of one profession."""
    return tuple(w for w in workers() if w.place.key == place_key and profession in (None, w.profession) and not w.code)


def worker(worker_key: str) -> Worker:
    """The worker of this key."""
    return next(w for w in workers() if w.key == worker_key)


def _contact(who: Worker) -> list[Json]:
    return [
        {"system": "phone", "value": number.telephone(1000 + who.ordinal), "use": "work"},
        {"system": "email", "value": f"ansatt{who.ordinal}@{who.place.key}.example", "use": "work"},
    ]


def _code(who: Worker) -> Json:
    words = PROFESSIONS[who.profession]
    return {
        "coding": [{"system": f"{VOLVEN}.9060", "code": who.profession, "display": words}],
        "text": words,
    }


def _codes(who: Worker) -> list[Json]:
    if not who.code:
        return [_code(who)]
    words = OWN[who.code]
    return [{"coding": [{"system": ROLE, "code": who.code, "display": words}], "text": words}, _code(who)]


def _practitioner(who: Worker) -> Json:
    body: Json = {
        "active": True,
        "name": [{"use": "official", "family": who.family, "given": who.given.split(" ")}],
        "telecom": _contact(who),
        "gender": who.sex,
    }
    if who.profession != "XX":
        hpr = identifier(number.HPR, number.hpr_number(who.ordinal))
        body = {"identifier": [hpr], **body, "qualification": [{"code": _code(who)}]}
    return resource("Practitioner", key("staff", who.key), body)


def _role(who: Worker) -> Json:
    body: Json = {
        "active": True,
        "practitioner": who.as_reference(),
        "organization": who.place.as_reference(),
        "code": _codes(who),
    }
    if who.profession != "XX":
        body["location"] = [reference(who.place.location, who.place.name)]
        body["healthcareService"] = [reference(who.place.service, who.place.name)]
    return resource("PractitionerRole", key("staff", who.key), body)


def resources() -> Iterator[Json]:
    """Practitioner and PractitionerRole of everybody at work."""
    for who in workers():
        yield _practitioner(who)
        yield _role(who)
