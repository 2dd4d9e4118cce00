"""Break-glass from outside: what it refuses, and what it does not tell."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from felles.access.finding import Wanted
from felles.web.minimal import wanted
from tests.unit.web.test_site import Scripted, doctor, record, visitor

__all__ = ["doctor", "record"]
TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("15076500565", Wanted("15076500565")),
        ("150765 00565", Wanted("15076500565")),
        ("Anna Berg 17.05.1970", Wanted(name="Anna Berg", birth=date(1970, 5, 17))),
        ("Anna Berg 1970", None),
        ("Anna Berg", None),
        ("17.05.1970", None),
        ("1507650056", None),
        ("anna 1970-99-99", None),
    ],
)
def test_only_a_whole_number_or_name_and_birth_date_goes_beyond(text: str, asked: Wanted | None) -> None:
    assert wanted(text, TODAY) == asked


def test_the_form_tells_nothing_of_whether_there_is_a_patient(doctor: TestClient) -> None:
    pages = [doctor.get(f"/patient/{id}/emergency") for id in ("p1", "none")]
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].text.replace("/p1/", "/none/") == pages[1].text


def test_a_stranger_signs_in_first(record: Scripted) -> None:
    assert visitor(record).get("/patient/p1/emergency").status_code == 401


def test_what_does_not_exist_names_the_way_to_find(doctor: TestClient) -> None:
    answer = doctor.get("/patient/none")
    assert answer.status_code == 404 and "fødselsnummer" in answer.text and 'href="/find"' in answer.text


def test_nothing_ends_without_its_token(doctor: TestClient) -> None:
    assert doctor.post("/patient/p1/emergency/end", data={"token": "x"}).status_code == 403
