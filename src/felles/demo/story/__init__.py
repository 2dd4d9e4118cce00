"""Solveig Tindvoll's story: GP, hospital, home care and back; she is the patient who signs in."""

from felles.demo.chart import Chart
from felles.demo.story import home, hospital, practice
from felles.demo.story.calendar import Calendar
from felles.demo.story.person import STORY, person

__all__ = ["STORY", "person", "write"]


def write(chart: Chart, _index: int = 0) -> None:
    """The whole story, each part after those it refers to."""
    days = Calendar(chart.today)
    practice.before(chart, days)
    referral = practice.referred(chart, days)
    hospital.stay(chart, days, referral)
    home.visited(chart, days, home.received(chart, days))
    practice.after(chart, days)
