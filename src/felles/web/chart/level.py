"""Which level of the service a resource comes from: hospital, municipality or GP."""

from felles.web.chart.place import GP, HOSPITAL, MUNICIPALITY, OTHER, Directory
from felles.web.chart.text import Resource, first

# words in Organization.type, its codes and its name that tell the level; the first that fits decides
MARKS = (
    (GP, ("fastlege", "legekontor", "legesenter", "general practice", "gp-office", "gp")),
    (
        MUNICIPALITY,
        ("kommune", "sykehjem", "sjukeheim", "hjemme", "heime", "helsestasjon", "legevakt", "municipal", "nursing"),
    ),
    (
        HOSPITAL,
        (
            "sykehus",
            "sjukehus",
            "hospital",
            "helseforetak",
            "avdeling",
            "sengepost",
            "poliklinikk",
            "bildediagnosti",
            "akuttmottak",
            "hf",
        ),
    ),
)
CLASS_LEVELS = {"IMP": HOSPITAL, "ACUTE": HOSPITAL, "SS": HOSPITAL, "HH": MUNICIPALITY}
MAX_DEPTH = 6


def _words(organisation: Resource) -> str:
    kinds = organisation.get("type", ())
    displays = [str(c.get("display", "")) for kind in kinds for c in kind.get("coding", ())]
    return " ".join([*(str(kind.get("text", "")) for kind in kinds), *displays])


def level_by_words(text: str) -> str:
    """The level that a name or type tells of; `other` when none."""
    words = text.casefold().replace("-", " ").split()
    for level, marks in MARKS:
        if any(word.startswith(mark) if len(mark) > 2 else word == mark for word in words for mark in marks):
            return level
    return OTHER


def organisation_level(reference: Resource | None, places: Directory) -> str:
    """The level of an organisation, place or role, else of what it is part of."""
    for _ in range(MAX_DEPTH):
        if not reference:
            return OTHER
        found = places.find(reference)
        for words in (_words(found), str(found.get("name") or reference.get("display", ""))):
            if (level := level_by_words(words)) != OTHER:
                return level
        reference = found.get("organization") or found.get("managingOrganization") or found.get("partOf")
    return OTHER


def _organisations(resource: Resource) -> list[Resource]:
    given = [resource.get(name) for name in ("serviceProvider", "custodian", "requester", "sender", "recorder")]
    given += [*resource.get("author", ()), *resource.get("performer", ())] if _lists(resource) else []
    return [reference for reference in given if isinstance(reference, dict)]


def _lists(resource: Resource) -> bool:
    return isinstance(resource.get("author", []), list) and isinstance(resource.get("performer", []), list)


def level_of(resource: Resource, places: Directory) -> str:
    """By whoever gave the care; an admission counts as hospital and a home visit as municipality when unsaid."""
    for reference in _organisations(resource):
        person = reference.get("reference", "").startswith(("Practitioner/", "Patient/", "RelatedPerson/"))
        level = OTHER if person else organisation_level(reference, places)
        if level != OTHER:
            return level
    return CLASS_LEVELS.get(first([resource.get("class") or {}]).get("code", ""), OTHER)
