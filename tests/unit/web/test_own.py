"""Words and times of the patient's own pages, and what their forms say."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from felles.access.area import AREAS, CLOSABLE, named
from felles.web.own import span
from felles.web.standing import last_day
from felles.web.wish import asked, end_of

OSLO = ZoneInfo("Europe/Oslo")
NOW = 1_795_000_000_000_000


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=OSLO).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-03-14 08:05", "2026-03-14 08:05", "14.03.2026 08:05"),
        ("2026-03-14 08:05", "2026-03-14 09:10", "14.03.2026 08:05–09:10"),
        ("2026-03-14 23:55", "2026-03-15 00:10", "14.03.2026 23:55–15.03.2026 00:10"),
    ],
)
def test_a_visit_lasts_from_and_to(first: str, last: str, words: str) -> None:
    assert span(micros(first), micros(last)) == words


def test_a_day_ends_at_midnight_in_norway() -> None:
    assert end_of("2026-11-24") == micros("2026-11-25 00:00")
    assert (end_of(""), end_of("tull"), end_of("9999-12-31")) == (None, 0, 0)


def test_the_last_day_is_the_one_before_midnight() -> None:
    shown = last_day("2026-11-25T00:00:00+01:00")
    assert shown is not None and shown.text == "24.11.2026"
    moment = last_day("2026-11-25T08:30:00+01:00")
    assert moment is not None and moment.text == "25.11.2026 08:30"
    assert last_day(None) is None


@pytest.mark.parametrize("area", sorted(CLOSABLE))
def test_every_part_is_told_by_its_own_name(area: str) -> None:
    assert named(CLOSABLE[area]) == ([area], [])
    assert named(CLOSABLE[area] | {"Patient"}) == ([area], [])


def test_what_no_area_covers_is_left_over() -> None:
    assert named(["Appointment", "Procedure"]) == ([], ["Appointment", "Procedure"])
    assert set(AREAS) - {"record"} < set(CLOSABLE)


def test_parts_are_put_together_and_documents_are_documents() -> None:
    wish = asked({"extent": "part", "part-vaccines": "on", "part-nothing": "on"}, NOW).wish
    assert set(wish.part.types) == CLOSABLE["vaccines"]
    assert asked({"extent": "document", "document": "Consent/x"}, NOW).wrong == "document"
    assert asked({"extent": "whole", "until": "2020-01-01"}, NOW).wrong == "until"
    assert asked({"extent": "whole"}, NOW, ("Practitioner/x",)).wish.named == ("Practitioner/x",)
