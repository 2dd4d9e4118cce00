"""Break-glass in a browser: the form opens the chart in three steps, marked on every page, and is ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from felles.demo import STORY
from tests.acceptance.test_accessible import violations

pytestmark = pytest.mark.xdist_group("browser")


def test_the_record_opens_in_three_steps_is_marked_and_closes(doctor: Page) -> None:
    doctor.goto("/patient/" + STORY["patient"] + "/emergency")
    assert violations(doctor) == []
    steps = 0
    doctor.get_by_role("radio").first.check()
    steps += 1
    doctor.get_by_label("Hvorfor trengs journalen nå?").fill("Funnet bevisstløs hjemme")
    steps += 1
    doctor.get_by_role("button", name="Åpne journalen").click()
    steps += 1
    assert steps <= 3
    for path in ("", "/results", "/print"):
        doctor.goto("/patient/" + STORY["patient"] + path)
        expect(doctor.get_by_text("Nødåpning, gyldig til")).to_be_visible()
        assert violations(doctor) == []
    doctor.get_by_role("button", name="Avslutt nødåpningen").click()
    doctor.goto("/patient/" + STORY["patient"])
    expect(doctor.get_by_text("Nødåpning, gyldig til")).to_have_count(0)
