"""Problems, medicines, contacts, notes and the timeline."""

from base64 import b64encode
from datetime import date
from typing import Any

from felles.web.chart.encounter import contact_series, contact_views
from felles.web.chart.event import contact_events, message_events, note_events, procedure_events, vaccine_events
from felles.web.chart.level import level_by_words, organisation_level
from felles.web.chart.medicine import medicine_views
from felles.web.chart.note import leading, note_views
from felles.web.chart.place import Directory
from felles.web.chart.plan import plans
from felles.web.chart.problem import problem_views
from felles.web.chart.text import narrative_lines
from felles.web.chart.timeline import lanes, timeline

PLACES = Directory(
    {
        "Organization/ward": {
            "resourceType": "Organization",
            "name": "Medisinsk sengepost Nord",
            "type": [{"text": "Sengepost"}],
        },
        "Organization/zone": {
            "resourceType": "Organization",
            "name": "Sone Nord",
            "type": [{"text": "Lag"}],
            "partOf": {"reference": "Organization/town"},
        },
        "Organization/town": {"resourceType": "Organization", "name": "Orkland", "type": [{"text": "Kommune"}]},
        "Organization/gp": {"resourceType": "Organization", "name": "Havørna legesenter"},
    }
)


def condition(name: str, code: str, onset: str, status: str = "active") -> dict[str, Any]:
    return {
        "code": {"text": name, "coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": code}]},
        "clinicalStatus": {"coding": [{"code": status}]},
        "onsetDateTime": onset,
    }


def test_problems_active_first_newest_first_each_once() -> None:
    views = problem_views(
        [
            condition("Hypertensjon", "I10", "2010-01-01"),
            condition("Hjertesvikt", "I50.9", "2024-02-01"),
            condition("Hjertesvikt", "I50.9", "2022-02-01"),
            condition("Pneumoni", "J15.9", "2025-01-01", "resolved"),
        ]
    )
    assert [(v.name, v.onset.machine if v.onset else "", v.active) for v in views] == [
        ("Hjertesvikt", "2022-02-01", True),
        ("Hypertensjon", "2010-01-01", True),
        ("Pneumoni", "2025-01-01", False),
    ]


def order(name: str, authored: str, status: str = "active", needed: bool = False) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "medicationCodeableConcept": {"text": name},
        "authoredOn": authored,
        "dosageInstruction": [{"text": "1 tablett daglig", "asNeededBoolean": needed}],
    }


def test_the_newest_order_of_a_drug_counts() -> None:
    views = medicine_views(
        [
            order("Paracetamol 500 mg", "2026-01-01", needed=True),
            order("Warfarin 2,5 mg", "2024-01-01"),
            order("Warfarin 2,5 mg", "2025-01-01", "stopped"),
            order("Metoprolol 50 mg", "2020-01-01"),
        ],
        PLACES,
    )
    assert [(v.name, v.current, v.as_needed, v.state) for v in views] == [
        ("Metoprolol 50 mg", True, False, ""),
        ("Paracetamol 500 mg", True, True, ""),
        ("Warfarin 2,5 mg", False, False, "seponert"),
    ]


def test_levels_by_type_name_and_parent() -> None:
    assert organisation_level({"reference": "Organization/ward"}, PLACES) == "hospital"
    assert organisation_level({"reference": "Organization/zone"}, PLACES) == "municipality"
    assert organisation_level({"reference": "Organization/gp"}, PLACES) == "gp"
    assert organisation_level({"reference": "Organization/unknown"}, PLACES) == "other"
    assert level_by_words("Ålesund sjukehus") == "hospital"


def encounter(id: str, code: str, unit: str, start: str, end: str = "", status: str = "finished") -> dict[str, Any]:
    period = {"start": start, "end": end} if end else {"start": start}
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": status,
        "class": {"code": code},
        "type": [{"text": "Hjemmebesøk"}] if code == "HH" else [],
        "serviceProvider": {"reference": f"Organization/{unit}"},
        "period": period,
    }


VISITS = [
    encounter("v1", "HH", "zone", "2026-03-02T08:00:00+01:00"),
    encounter("v2", "HH", "zone", "2026-03-09T08:00:00+01:00"),
    encounter("stay", "IMP", "ward", "2026-03-05T08:00:00+01:00", status="in-progress"),
    encounter("gone", "AMB", "gp", "2026-03-01", status="cancelled"),
]


def test_contacts_ongoing_first_and_alike_ones_together() -> None:
    contacts = contact_views(VISITS, PLACES)
    assert [c.id for c in contacts] == ["stay", "v2", "v1"]
    assert [c.level for c in contacts] == ["hospital", "municipality", "municipality"]
    series = contact_series(contacts)
    assert [(c.id, c.count) for c in series] == [("stay", 1), ("v2", 2)]
    assert series[1].first is not None and series[1].first.day == "02.03.2026"


def document(text: str, kind: str = "text/plain; charset=utf-8") -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "description": "Visittnotat",
        "date": "2026-03-06T10:00:00+01:00",
        "custodian": {"reference": "Organization/ward"},
        "content": [{"attachment": {"contentType": kind, "data": b64encode(text.encode()).decode()}}],
    }


def test_notes_are_text_whatever_they_were() -> None:
    (plain,) = note_views([document("Bedre i dag.\n\nPlan: hjem.")], PLACES)
    assert plain.sections[0].lines == ("Bedre i dag.", "Plan: hjem.")
    assert (plain.title, plain.unit, plain.level) == ("Visittnotat", "Medisinsk sengepost Nord", "hospital")
    (markup,) = note_views([document("<p>Hei <script>alert(1)</script></p>", "text/html")], PLACES)
    assert markup.sections[0].lines == ("Hei",)
    (picture,) = note_views([document("x", "image/png")], PLACES)
    assert picture.sections == () and picture.attached == "image/png"


def test_narrative_keeps_words_only() -> None:
    markup = '<div><h2>Plan</h2><p>Hjem &amp; hvile<br/>Kontroll</p><style>p{}</style><img src=x onerror="y"/></div>'
    assert narrative_lines(markup) == ["Plan", "Hjem & hvile", "Kontroll"]


def test_one_timeline_over_the_levels() -> None:
    notes = note_views([document("Tekst")], PLACES)
    events = timeline([*contact_events(contact_views(VISITS, PLACES)), *note_events(notes)])
    assert [e.at.day for e in events] == ["09.03.2026", "06.03.2026", "05.03.2026", "02.03.2026"]
    drawn = lanes(events, date(2026, 3, 10))
    assert drawn.counts == {"hospital": 2, "municipality": 2, "gp": 0}
    stay = next(mark for mark in drawn.marks if mark.ongoing)
    assert 0 < stay.x < drawn.today and abs(stay.x + stay.width - drawn.today) < 0.1


def test_the_latest_note_of_each_title_leads() -> None:
    reports = [{**document("Tekst"), "id": f"r{day}", "date": f"2026-03-0{day}"} for day in (1, 2, 3)]
    epicrisis = {**document("Tekst"), "id": "e", "date": "2026-02-01", "description": "Epikrise"}
    latest, others = leading(note_views([*reports, epicrisis], PLACES))
    assert [note.id for note in latest] == ["r3", "e"]
    assert [note.id for note in others] == ["r2", "r1"]


def test_vaccines_procedures_and_messages_stand_in_the_timeline() -> None:
    ward = {"reference": "Organization/ward"}
    vaccine = {
        "status": "completed",
        "vaccineCode": {"text": "Influensa"},
        "occurrenceDateTime": "2026-01-02",
        "location": {"reference": "Organization/zone"},
    }
    done = {
        "status": "completed",
        "code": {"text": "Hofteprotese"},
        "performedPeriod": {"start": "2026-01-03"},
        "performer": [{"actor": {"reference": "Practitioner/x"}, "onBehalfOf": ward}],
    }
    message = {"topic": {"text": "Utskrivingsklar"}, "sent": "2026-01-04", "sender": ward}
    events = [
        *vaccine_events([vaccine, {**vaccine, "status": "not-done"}], PLACES),
        *procedure_events([done], PLACES),
        *message_events([message], PLACES),
    ]
    assert [(e.kind, e.title, e.level) for e in events] == [
        ("Vaksine", "Influensa", "municipality"),
        ("Prosedyre", "Hofteprotese", "hospital"),
        ("Melding", "Utskrivingsklar", "hospital"),
    ]


def test_what_lies_ahead() -> None:
    def appointment(day: int, status: str = "booked") -> dict[str, Any]:
        actors = [{"reference": "Patient/x"}, {"reference": "Organization/gp"}]
        return {
            "status": status,
            "start": f"2026-03-{day:02}T09:00:00+01:00",
            "serviceType": [{"text": f"Kontroll {day}"}],
            "participant": [{"actor": actor} for actor in actors],
        }

    requests = [
        {"status": status, "code": {"text": "Henvist"}, "authoredOn": "2026-03-01"}
        for status in ("active", "completed")
    ]
    found = plans(
        [appointment(20), appointment(12), appointment(1), appointment(15, "cancelled")],
        requests,
        PLACES,
        date(2026, 3, 10),
    )
    assert [(e.title, e.level) for e in found] == [("Kontroll 12", "gp"), ("Kontroll 20", "gp"), ("Henvist", "other")]
