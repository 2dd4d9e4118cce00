"""The whole region as a stream of FHIR R4 resources: places, staff, then each patient's record."""

from collections.abc import Callable, Iterator
from datetime import date

from felles.demo import agreement, patient, place, schedule, staff, story, wish
from felles.demo.chart import Chart
from felles.demo.history import life, referral
from felles.demo.population import Person, Register, background, dense, family
from felles.demo.resource import Json
from felles.demo.unit import emergency, homecare, nursing, office, orthopaedics, radiology, station, therapy, ward

Writer = Callable[[Chart, int], None]

WRITERS: dict[str, Writer] = {
    "story": story.write,
    "ward": ward.patient,
    "orthopaedics": orthopaedics.patient,
    "emergency": emergency.patient,
    "dps": therapy.patient,
    "bup": therapy.patient,
    "tsb": therapy.patient,
    "nursing": nursing.resident,
    "north": homecare.receiver,
    "south": homecare.receiver,
    "pregnant": station.mother,
    "infant": station.infant,
    "consultation": office.patient,
    "family": station.family,
}
"""The unit that a person belongs to → what writes the record there."""

IMAGED = {"orthopaedics": 6, "ward": 2, "consultation": 8}
"""Every so many-th patient of a unit has an order on the imaging section's list."""


def population(patients: int, seed: int, today: date) -> Iterator[Person]:
    """The people: the story, the dense units, a family, and background up to `patients`."""
    register = Register(seed, today)
    yield story.person(register)
    made = 1
    for person in [*dense(register), *family(register)]:
        made += 1
        yield person
    yield from background(register, patients - made)


def record(person: Person, today: date) -> list[Json]:
    """One patient's resources, each after those it refers to."""
    chart = Chart(person, today)
    chart.add("Patient", patient.body(chart))
    chart.resources[0]["id"] = person.id
    patient.related(chart)
    write = WRITERS.get(person.track)
    if write:
        write(chart, person.index)
        _imaged(chart)
    else:
        life.ordinary(chart)
        life.ahead(chart)
        referral.past(chart)
    wish.write(chart)
    return chart.resources


def _imaged(chart: Chart) -> None:
    every = IMAGED.get(chart.person.track)
    if every and chart.person.index % every == 0 and chart.person.town.trust == "stolav":
        offset = list(IMAGED).index(chart.person.track)
        radiology.work(chart, chart.person.index // every + 3 * offset)


def region(patients: int = 2000, seed: int = 1, today: date | None = None) -> Iterator[Json]:
    """The made-up region as FHIR R4 resources, the same for the same arguments.

    `patients` is the size of the population; the dense units need some 650 people and are always there, so a
    smaller number gives those alone. `seed` varies the patients, never places and staff. Every date is relative
    to `today` (the real day when it is not given). Each resource comes after those it refers to. Ids are opaque
    and stay the same when only `today` changes.
    """
    today = today or date.today()
    yield from place.resources()
    yield from staff.resources()
    yield from agreement.resources()
    yield from schedule.resources(today)
    for person in population(patients, seed, today):
        yield from record(person, today)
