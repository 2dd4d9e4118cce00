"""When the story turns, and what is said."""

from datetime import date, timedelta

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.code import table


class Calendar:
    """The story's turns. Hospital on working days two to four weeks ago, the GP's answer within the last week."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.seen = today - timedelta(days=today.weekday() + 21)
        self.admitted = self.seen + timedelta(days=2)
        self.ready = self.seen + timedelta(days=8)
        self.home = self.seen + timedelta(days=9)
        self.answered = clock.workday_before(today - timedelta(days=1))
        self.told = clock.workday_before(self.answered - timedelta(days=2))


def say(chart: Chart, line: str, **fields: str) -> str:
    """A text of data/story.toml with the chart's figures."""
    chart.figures.update(fields)
    words: str = table("story")[line]
    return words.format_map(chart.figures)
