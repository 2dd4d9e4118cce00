"""The patient's own pages in a browser: locks, blocks, powers of attorney, acting for others; by axe, in two widths."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from felles.demo import STORY
from tests.acceptance.test_accessible import SIZES, violations

pytestmark = pytest.mark.xdist_group("browser")
PAGES = ["/own/log", "/own/locks", "/own/powers", "/own/acting"]


@pytest.fixture
def patient(page: Page) -> Page:
    """Signed in as the patient of the story."""
    page.goto("/")
    page.get_by_role("button", name=STORY["name"]).click()
    page.wait_for_url(f"**/patient/{STORY['patient']}")
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_with_its_forms_open(patient: Page, path: str, size: Any) -> None:
    patient.set_viewport_size(size)
    patient.goto(path)
    for summary in patient.locator("details.own-open > summary").all():
        summary.click()
    assert violations(patient) == []
    assert fits(patient), "scrolls sideways"


def test_parts_are_locked_by_keyboard_and_lifted(patient: Page) -> None:
    patient.goto("/own/locks")
    patient.get_by_text("Sett en ny sperre").focus()
    patient.keyboard.press("Enter")
    patient.get_by_label("Hele journalen").first.focus()
    patient.keyboard.press("ArrowDown")
    expect(patient.get_by_label("Vaksiner")).to_be_visible()
    patient.get_by_label("Vaksiner").focus()
    patient.keyboard.press("Space")
    patient.get_by_role("button", name="Sperr", exact=True).focus()
    patient.keyboard.press("Enter")
    expect(patient.get_by_role("button", name="Opphev sperren")).to_be_visible()
    expect(patient.locator("#locks").get_by_role("listitem").filter(has_text="Vaksiner")).to_have_count(1)
    assert violations(patient) == []
    patient.get_by_role("button", name="Opphev sperren").click()
    expect(patient.get_by_text("Ingenting er sperret.")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
def test_an_employee_is_kept_out_and_let_in_again(patient: Page, size: Any) -> None:
    patient.set_viewport_size(size)
    patient.goto("/own/locks")
    patient.get_by_text("Steng ute noen").click()
    patient.get_by_label("Navnet på den ansatte").fill("xqz")
    patient.keyboard.press("Enter")
    expect(patient.get_by_role("alert")).to_contain_text("Vi fant ingen ansatt")
    assert violations(patient) == []
    patient.get_by_label("Navnet på den ansatte").fill("Morten Sandmo")
    patient.keyboard.press("Enter")
    patient.get_by_label("Morten Sandmo").check()
    assert violations(patient) == [] and fits(patient)
    patient.get_by_role("button", name="Steng ute", exact=True).click()
    expect(patient.get_by_role("button", name="Slipp inn igjen")).to_be_visible()
    assert violations(patient) == [] and fits(patient)
    patient.get_by_role("button", name="Slipp inn igjen").click()
    expect(patient.get_by_text("Ingen er stengt ute.")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
def test_acting_for_another_is_said_on_every_page_until_it_ends(patient: Page, size: Any) -> None:
    patient.set_viewport_size(size)
    patient.goto("/own/acting")
    patient.get_by_role("button", name="Åpne journalen til").click()
    banner = patient.get_by_role("region", name="Du handler for en annen")
    expect(banner).to_be_visible()
    assert STORY["patient"] not in patient.url
    assert violations(patient) == [] and fits(patient)
    for path in ("/own/acting", "/account", "/start"):
        patient.goto(path)
        expect(banner).to_be_visible()
        assert violations(patient) == [] and fits(patient)
    expect(patient.get_by_role("link", name="Hvem har sett journalen min")).to_have_count(0)
    banner.get_by_role("button", name="Avslutt").click()
    expect(banner).to_have_count(0)


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
def test_staff_see_what_they_must_say_in_the_form(doctor: Page, size: Any) -> None:
    doctor.set_viewport_size(size)
    doctor.goto(f"/patient/{STORY['patient']}/wishes")
    assert violations(doctor) == [] and fits(doctor)
    doctor.get_by_label("Stenge ute en ansatt").check()
    doctor.get_by_label("Navnet på den ansatte").fill("Sandmo")
    doctor.get_by_role("button", name="Finn", exact=True).click()
    expect(doctor.get_by_label("Morten Sandmo")).to_be_visible()
    assert violations(doctor) == [] and fits(doctor)
    doctor.get_by_label("Si nei til kvalitetsarbeid").check()
    expect(doctor.get_by_label("Ett dokument")).to_be_hidden()


def test_the_palette_leads_a_patient_to_the_log_and_staff_to_wishes(patient: Page) -> None:
    patient.keyboard.press("Control+k")
    patient.keyboard.type("hvem har")
    expect(patient.get_by_role("option").first).to_contain_text("Hvem har sett journalen min")
    patient.keyboard.press("Enter")
    patient.wait_for_url("**/own/log")
    patient.goto(f"/patient/{STORY['patient']}")
    patient.keyboard.press("Control+k")
    patient.keyboard.type("ønsker")
    expect(patient.get_by_text("Ingen treff")).to_be_visible()
