"""The two GP offices on the platform that are shown in full: today's list and the inbox."""

from datetime import timedelta

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.event import laboratory, order
from felles.demo.event.document import message
from felles.demo.history import life
from felles.demo.resource import local, reference

ANSWER = local("answer", "Svar på melding")
RESULT = local("result", "Vurder prøvesvar")
_QUESTIONS = {
    "nb": "Hei! Jeg har begynt med den nye medisinen og er litt svimmel om morgenen. Skal jeg fortsette?",
    "nn": "Hei! Eg har byrja med den nye medisinen og er litt svimmel om morgonen. Skal eg halde fram?",
}


def patient(chart: Chart, index: int) -> None:
    """One on today's list; some have written, some have results that wait."""
    life.ordinary(chart, most=5, visits=3)
    gp = chart.person.gp
    start = clock.at(clock.weekday(chart.today), 8, 20) + timedelta(minutes=20 * (index % 20))
    kind = "Konsultasjon" if index % 3 else "Kontroll"
    order.appointment(chart, gp.place, gp, start, kind, minutes=20, created=chart.today - timedelta(days=6))
    yesterday = clock.at(chart.today - timedelta(days=1), 15, 10 + index)
    owner = gp.as_reference()
    if index % 4 == 0:
        words = _QUESTIONS[gp.place.language]
        topic = "Spørsmål om medisin"
        made = message(chart, chart.subject, reference(gp.practitioner, gp.name), yesterday, topic, words)
        order.task(chart, ANSWER, made, owner, yesterday, due=chart.today + timedelta(days=4))
    if index % 4 == 1:
        found = laboratory.panel(chart, "small", yesterday - timedelta(hours=6))
        order.task(chart, RESULT, found, owner, yesterday, due=chart.today + timedelta(days=2))
