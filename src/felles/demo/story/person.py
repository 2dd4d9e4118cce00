"""Who the story is about."""

from collections.abc import Mapping
from types import MappingProxyType

from felles.demo import clock, name, number, staff
from felles.demo.place import municipalities
from felles.demo.population import Person, Register, Relative
from felles.demo.resource import key

STORY: Mapping[str, str] = MappingProxyType(
    {"patient": key("story", "solveig"), "given": "Solveig", "family": "Tindvoll", "name": "Solveig Tindvoll"}
)
"""The patient of the story: `patient` is the id of the Patient, the same for every seed and day."""


def person(register: Register) -> Person:
    """Solveig, 78, who lives alone in Trondheim; her GP is the demo's fastlege."""
    rng = register.rng("story")
    birth = clock.years_before(register.today, 78).replace(month=3, day=14)
    if clock.age(birth, register.today) < 78:
        birth = clock.years_before(birth, 1)
    fnr = number.personal_number(birth, "female", 214, register.taken)
    town = municipalities()["trondheim"]
    daughter = Relative("DAUC", "Datter", "Kari", STORY["family"], "female", number.telephone(499_999))
    return Person(
        STORY["patient"], "story", 999_000, "female", birth, STORY["given"], STORY["family"], name.origin_of("norsk"),
        town, name.address(rng, town), False, (number.FNR, fnr), staff.worker("fastlege"), "story", 0, [daughter],
    )  # fmt: skip
