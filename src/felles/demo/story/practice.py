"""The GP's part: years of illness, the visit that leads to hospital, and the follow-up at home."""

from datetime import timedelta

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.event import laboratory, measure, medicine, order, problem, visit
from felles.demo.event.document import document
from felles.demo.history import illness, life, passing
from felles.demo.place import place
from felles.demo.resource import local, text
from felles.demo.story.calendar import Calendar, say

LASTING = ("C09CA06", "B01AF02", "A10BA02", "C10AA05")
"""Medicines that the hospital leaves as they are."""
CHANGED = ("C07AB02", "C03CA01")
"""Medicines whose dose the hospital changes."""


def before(chart: Chart, days: Calendar) -> None:
    """Allergy, four illnesses and their medicines."""
    calm = days.seen - timedelta(days=25)
    problem.allergy(chart, problem.PENICILLIN, "medication", "high", "126485001", chart.today - timedelta(days=4100))
    for illness_name, years in (("hypertension", 11), ("diabetes", 8), ("fibrillation", 4), ("heartfailure", 3)):
        illness.live_with(chart, illness_name, years, treated=False, until=calm)
    renewed = clock.workday_before(chart.today - timedelta(days=160))
    for atc in LASTING:
        medicine.prescribe(chart, atc, renewed, chart.person.gp)
    for atc in CHANGED:
        medicine.prescribe(chart, atc, renewed, chart.person.gp, status="stopped")
    measure.smoking(chart, "8517006", clock.at(chart.today - timedelta(days=400), 10))
    passing.complaint(chart, "dizzy", clock.workday_before(chart.today - timedelta(days=210)))
    life.season(chart)


def referred(chart: Chart, days: Calendar) -> str:
    """The visit and, two days later, the referral that cannot wait. Returns the ServiceRequest."""
    gp = chart.person.gp
    _examined(chart, days)
    reason = problem.diagnosis("K77", "I50.9")
    return order.referral(
        chart, gp, place("akuttmottak"), clock.at(days.admitted, 11, 15), text("Innleggelse, øyeblikkelig hjelp"),
        say(chart, "gp_referral"), reason=reason, priority="urgent", status="completed",
    )  # fmt: skip


def _examined(chart: Chart, days: Calendar) -> None:
    gp, start = chart.person.gp, clock.at(days.seen, 9, 40)
    reason = problem.diagnosis("K77")
    found = visit.encounter(chart, gp.place, gp, start, reason=reason, condition=chart.problems["heartfailure"])
    measure.vital(chart, "weight", 76.8, start, found)
    measure.pressure(chart, 148, 86, start, found)
    measure.vital(chart, "pulse", 102, start, found)
    measure.vital(chart, "saturation", 92, start, found)
    levels = {"probnp": 5820.0, "creatinine": 112.0, "potassium": 4.4, "sodium": 138.0}
    laboratory.panel(chart, "heart", start, levels, encounter=found)
    words, written = say(chart, "gp_visit"), start + timedelta(minutes=20)
    document(chart, gp.place, gp, written, "11488-4", "Konsultasjonsnotat", words, encounter=found)


def after(chart: Chart, days: Calendar) -> None:
    """Tests, e-consultation, a time at the office, and what the GP still owes."""
    gp = chart.person.gp
    levels = {"probnp": 2640.0, "creatinine": 108.0, "potassium": 4.1, "sodium": 139.0}
    laboratory.panel(chart, "heart", clock.at(days.answered, 8, 15), levels)
    moment = clock.at(days.answered, 15, 10)
    found = visit.encounter(chart, gp.place, gp, moment, code="VR", minutes=10, kind="E-konsultasjon")
    words = say(chart, "gp_econsult")
    document(chart, gp.place, gp, moment, "11506-3", "E-konsultasjon", words, encounter=found)
    start = clock.at(clock.working_days(chart.today, 2), 9, 20)
    order.appointment(chart, gp.place, gp, start, "Kontroll etter sykehusopphold", minutes=20)
    order.task(
        chart, local("followup", "Følg opp etter utskriving"), chart.problems["heartfailure"], gp.as_reference(),
        moment, due=start.date() + timedelta(days=3), words="Vekt, BT, kreatinin og kalium. Røntgen om seks uker.",
    )  # fmt: skip
