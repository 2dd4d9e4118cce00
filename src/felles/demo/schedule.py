"""Calendars that can be booked: a Schedule for each doctor of the orthopaedic clinic, and its Slots for the weeks ahead
(https://hl7.org/fhir/R4/schedule.html, slot.html)."""

from collections.abc import Iterator
from datetime import date, timedelta

from felles.demo import clock, staff
from felles.demo.place import place
from felles.demo.resource import Json, key, reference, resource
from felles.demo.unit.orthopaedics import BOOKED, booked_at

CLINIC = "ortopedi-poliklinikk"
DAYS = 30
HOURS = range(8, 14)
MINUTES = 30


def resources(today: date) -> Iterator[Json]:
    """Schedules and slots; those that patients have are taken."""
    doctors = staff.at(CLINIC, "LE")
    taken = {(slot % len(doctors), booked_at(today, slot)) for slot in range(BOOKED)}
    clinic = place(CLINIC)
    last = clock.working_days(today, DAYS)
    for ordinal, doctor in enumerate(doctors):
        identity = key("schedule", doctor.key)
        body: Json = {
            "active": True,
            "actor": [reference(doctor.role, doctor.name), reference(clinic.location, clinic.name)],
            "planningHorizon": {"start": today.isoformat(), "end": last.isoformat()},
        }
        yield resource("Schedule", identity, body)
        for day in (clock.working_days(today, count) for count in range(DAYS)):
            for start in (clock.at(day, hour, minute) for hour in HOURS for minute in (0, MINUTES)):
                status = "busy" if (ordinal, start) in taken else "free"
                yield resource(
                    "Slot",
                    key("slot", doctor.key, (day - today).days, start.hour, start.minute),
                    {
                        "schedule": reference(f"Schedule/{identity}"),
                        "status": status,
                        "start": clock.instant(start),
                        "end": clock.instant(start + timedelta(minutes=MINUTES)),
                    },
                )
