"""The region's places: trusts, hospitals, departments, municipalities and their services, GP offices."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from felles.demo import number
from felles.demo.code import VOLVEN, rows
from felles.demo.resource import OUTSIDE, Json, hl7, identifier, key, reference, resource, text

KINDS = {
    "trust": ("prov", "Helseforetak"),
    "programme": ("team", "Innføringsprogram"),
    "hospital": ("prov", "Sykehus"),
    "clinic": ("dept", "Avdeling"),
    "ward": ("dept", "Sengepost"),
    "outpatient": ("dept", "Poliklinikk"),
    "imaging": ("dept", "Bildediagnostikk"),
    "laboratory": ("dept", "Laboratorium"),
    "emergency": ("dept", "Akuttmottak"),
    "municipality": ("govt", "Kommune"),
    "outofhours": ("dept", "Legevakt"),
    "office": ("dept", "Tildelingskontor"),
    "homecare": ("dept", "Hjemmetjeneste"),
    "zone": ("team", "Sone i hjemmetjenesten"),
    "nursinghome": ("prov", "Sykehjem"),
    "station": ("dept", "Helsestasjon"),
    "gpoffice": ("prov", "Fastlegekontor"),
}
"""Kind of place → HL7 organization-type and its Norwegian name."""

_WITHOUT_SERVICE = {"trust", "programme", "hospital", "municipality"}
REPORTS: Json = {
    "coding": [{"system": "urn:felles:reports", "code": "npr", "display": "Rapporterer til Norsk pasientregister"}]
}
"""Organization.type of an institution that reports to the national patient register."""
BEDS = 22
"""Beds of the medical ward (issue: "a medical ward with 22 beds")."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality by its real name and number; everything inside it is invented."""

    number: str
    key: str
    name: str
    postcode: str
    city: str
    trust: str
    language: str
    weight: int


@dataclass(frozen=True, slots=True)
class Place:
    """One organisation; `language` is that of its notes (nynorsk in Møre og Romsdal)."""

    key: str
    kind: str
    name: str
    parent: str
    municipality: Municipality
    on_platform: bool
    staff: str
    ordinal: int

    @property
    def language(self) -> str:
        return self.municipality.language

    @property
    def organization(self) -> str:
        return f"Organization/{key('place', self.key)}"

    @property
    def location(self) -> str:
        return f"Location/{key('place', self.key)}"

    @property
    def service(self) -> str:
        return f"HealthcareService/{key('place', self.key)}"

    def as_reference(self) -> Json:
        return reference(self.organization, self.name)

    def bed(self, index: int) -> str:
        """The Location of bed `index` (from 0) of a ward."""
        return f"Location/{key('bed', self.key, index)}"


@cache
def municipalities() -> dict[str, Municipality]:
    """All municipalities by key."""
    return {row["key"]: _municipality(row) for row in rows("municipalities.csv")}


def _municipality(row: dict[str, str]) -> Municipality:
    return Municipality(
        row["number"], row["key"], row["name"], row["postcode"], row["city"], row["trust"], row["language"],
        int(row["weight"]),
    )  # fmt: skip


@cache
def places() -> dict[str, Place]:
    """All places by key, parents before their parts."""
    found = {}
    for ordinal, row in enumerate(rows("places.csv")):
        town = municipalities()[row["municipality"]]
        found[row["key"]] = Place(
            row["key"], row["kind"], row["name"] or town.name, row["parent"], town,
            row["platform"] == "yes", row["staff"], ordinal,
        )  # fmt: skip
    return found


def place(name: str) -> Place:
    """The place of this key."""
    return places()[name]


def of_kind(kind: str, municipality: str | None = None) -> list[Place]:
    """Places of a kind, perhaps only those of one municipality."""
    return [
        found for found in places().values() if found.kind == kind and municipality in (None, found.municipality.key)
    ]


def _contact(found: Place) -> list[Json]:
    return [
        {"system": "phone", "value": number.telephone(found.ordinal), "use": "work"},
        {"system": "email", "value": f"post@{found.key}.example", "use": "work"},
    ]


def _address(found: Place) -> Json:
    town = found.municipality
    return {
        "use": "work",
        "line": [f"Eventyrplassen {found.ordinal + 1}"],
        "postalCode": town.postcode,
        "city": town.city,
        "country": "NO",
    }


def _organization(found: Place) -> Json:
    code, words = KINDS[found.kind]
    identifiers = [
        identifier(number.ORGNR, number.organisation_number(found.ordinal)),
        identifier(number.HER, number.her_id(found.ordinal)),
    ]
    if found.kind == "municipality":
        identifiers.append(identifier(f"{VOLVEN}.3402", found.municipality.number))
    body: Json = {
        "identifier": identifiers,
        "active": True,
        "type": [hl7("organization-type", code) | {"text": words}, *([REPORTS] if found.kind == "trust" else ())],
        "name": found.name,
        "telecom": _contact(found),
        "address": [_address(found)],
    }
    if found.parent:
        body["partOf"] = place(found.parent).as_reference()
    made = resource("Organization", key("place", found.key), body)
    if not found.on_platform:
        made["meta"]["tag"].append(OUTSIDE)
    return made


def _location(found: Place) -> Json:
    body: Json = {
        "status": "active",
        "name": found.name,
        "mode": "instance",
        "type": [text(KINDS[found.kind][1])],
        "address": _address(found),
        "physicalType": hl7("location-physical-type", "wa" if found.kind == "ward" else "bu"),
        "managingOrganization": found.as_reference(),
    }
    return resource("Location", key("place", found.key), body)


def _service(found: Place) -> Json:
    body: Json = {
        "active": True,
        **({"category": [local_category(found.kind)]} if found.kind in ORDERED else {}),
        "providedBy": found.as_reference(),
        "type": [text(KINDS[found.kind][1])],
        "location": [reference(found.location, found.name)],
        "name": found.name,
        "telecom": _contact(found)[:1],
    }
    return resource("HealthcareService", key("place", found.key), body)


ORDERED = {"laboratory": "Laboratorium", "imaging": "Bildediagnostikk"}
"""Kinds of places that take orders, and the category of those (as ServiceRequest.category)."""


def local_category(kind: str) -> Json:
    """What orders a service takes."""
    coding = {"system": "urn:felles:category", "code": kind, "display": ORDERED[kind]}
    return {"coding": [coding], "text": ORDERED[kind]}


def bed_name(index: int) -> str:
    """Two beds to a room, from room 201."""
    return f"Rom {201 + index // 2}, seng {'AB'[index % 2]}"


def _bed(ward: Place, index: int) -> Json:
    body: Json = {
        "status": "active",
        "operationalStatus": hl7("v2-0116", "O")["coding"][0],
        "name": bed_name(index),
        "mode": "instance",
        "physicalType": hl7("location-physical-type", "bd"),
        "managingOrganization": ward.as_reference(),
        "partOf": reference(ward.location, ward.name),
    }
    return resource("Location", key("bed", ward.key, index), body)


def resources() -> Iterator[Json]:
    """Organization, Location and HealthcareService of every place, and the beds of the medical ward."""
    for found in places().values():
        yield _organization(found)
    for found in places().values():
        if found.kind not in _WITHOUT_SERVICE:
            yield _location(found)
            yield _service(found)
    ward = place("medisin-sengepost")
    yield from (_bed(ward, index) for index in range(BEDS))
