"""What lies ahead: appointments to come and requests that are open (FHIR R4 Appointment, ServiceRequest)."""

from collections.abc import Iterable
from datetime import date

from felles.web.chart.event import Event, appointment_events, request_events
from felles.web.chart.place import Directory
from felles.web.chart.text import Resource

OPEN = ("active", "draft", "on-hold")


def plans(
    appointments: Iterable[Resource], requests: Iterable[Resource], places: Directory, today: date
) -> list[Event]:
    """Appointments from today on, the next first; then open referrals and orders, newest first."""
    coming = [e for e in appointment_events(appointments, places) if e.at.date >= today]
    waiting = request_events([r for r in requests if r.get("status") in OPEN], places)
    return [
        *sorted(coming, key=lambda e: e.at.at),
        *sorted(waiting, key=lambda e: e.at.at, reverse=True),
    ]
