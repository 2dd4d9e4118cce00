"""Referrals in a browser: from the list to the letter in a few steps with nothing retyped, by keyboard alone, without a
script, at both widths."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from felles.demo import STORY
from tests.acceptance.test_duties import enter, looks_right, press, tab_to

pytestmark = pytest.mark.xdist_group("browser")
CLINIC = "Ortopedisk poliklinikk"
MOST = 6
"""Steps from a referral to the letter of its appointment."""


def refer(page: Page, what: str) -> None:
    """The GP writes a referral to the clinic."""
    enter(page, "Fastlege")
    page.goto(f"/patient/{STORY['patient']}/refer")
    page.get_by_label("Til enhet").fill(CLINIC)
    page.get_by_label("Gjelder").fill(what)
    page.get_by_label("Problemstilling og det som er gjort").fill("Smerter i kneet i et år, trening uten effekt.")
    page.get_by_role("button", name="Signer og send henvisningen").click()
    expect(page.get_by_text("Henvisningen er registrert.")).to_be_visible()


@pytest.fixture
def clerk(browser: Browser, site: str, page: Page, request: pytest.FixtureRequest) -> Page:
    """At the list of the clinic, where one referral named after the test waits."""
    context = browser.new_context(base_url=site, locale="nb-NO")
    refer(context.new_page(), request.node.name)
    context.close()
    enter(page, "Merkantil")
    page.goto("/referrals?order=newest")
    return page


class Steps:
    """Counts what takes somebody from page to page."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def __call__(self, role: Any, name: str | re.Pattern[str]) -> None:
        self.count += 1
        self.page.get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()


def test_from_a_referral_to_the_letter_in_six_steps(clerk: Page, request: pytest.FixtureRequest) -> None:
    what, step = request.node.name, Steps(clerk)
    deadline = date.today() + timedelta(days=40)
    looks_right(clerk)
    clerk.get_by_role("row", name=re.compile(what)).get_by_role("link").click()
    step.count += 1
    expect(clerk.get_by_text("Smerter i kneet i et år")).to_be_visible()
    looks_right(clerk)
    clerk.get_by_label("Rett til nødvendig helsehjelp", exact=True).check()
    clerk.get_by_label("Utredning").check()
    clerk.get_by_label("Fagområde").select_option(label="Somatikk")
    clerk.get_by_label("Frist for helsehjelp").fill(str(deadline))
    step("button", "Se brevene og signer")
    expect(clerk.get_by_role("heading", name="Du har rett til nødvendig helsehjelp")).to_be_visible()
    expect(clerk.locator(".referral-seal")).to_contain_text(STORY["family"])
    looks_right(clerk)
    step("button", "Signer og send")
    expect(clerk.get_by_label("Timen gjelder")).to_have_value(what)
    looks_right(clerk)
    time = clerk.locator(".referral-offers label").first.locator(".number").inner_text().partition("–")[0]
    step("button", "Se brevet og bestill")
    expect(clerk.get_by_text(f"Timen gjelder: {what}.")).to_be_visible()
    looks_right(clerk)
    step("button", "Bestill og send")
    expect(clerk.get_by_text("Timen er bestilt, og brevet er signert.")).to_be_visible()
    expect(clerk.locator(".referral-time")).to_contain_text(time.replace(".", ":"))
    expect(clerk.get_by_text("Innkalling til time").first).to_be_visible()
    looks_right(clerk)
    assert step.count <= MOST


def test_a_refusal_without_a_reason_is_told_at_its_field_and_nothing_is_lost(
    clerk: Page, request: pytest.FixtureRequest
) -> None:
    clerk.get_by_role("row", name=re.compile(request.node.name)).get_by_role("link").click()
    clerk.get_by_label("Ikke rett til nødvendig helsehjelp").check()
    clerk.get_by_role("button", name="Se brevene og signer").click()
    expect(clerk.get_by_label("Hvorfor ikke?")).to_have_accessible_description(re.compile("Skriv hvorfor"))
    looks_right(clerk)
    clerk.get_by_label("Hvorfor ikke?").fill("Kan behandles hos fastlegen med trening og smertestillende.")
    clerk.get_by_role("button", name="Se brevene og signer").click()
    expect(clerk.get_by_text("Kan behandles hos fastlegen")).to_be_visible()
    clerk.get_by_role("button", name="Tilbake og endre").click()
    expect(clerk.get_by_label("Hvorfor ikke?")).to_have_value(re.compile("Kan behandles"))


def test_by_keyboard_alone(clerk: Page) -> None:
    tab_to(clerk, STORY["family"])
    press(clerk, "Enter")
    expect(clerk.get_by_role("heading", name="Vurder", exact=True)).to_be_visible()
    tab_to(clerk, "Rett til nødvendig helsehjelp")
    press(clerk, "Space")
    tab_to(clerk, "Utredning")
    press(clerk, "Space")
    tab_to(clerk, "Fagområde")
    press(clerk, "ArrowDown")
    tab_to(clerk, "Frist for helsehjelp")
    clerk.keyboard.type((date.today() + timedelta(days=40)).strftime("%m%d%Y"))
    tab_to(clerk, "Se brevene og signer")
    press(clerk, "Enter")
    expect(clerk.get_by_role("button", name="Signer og send")).to_be_focused()
    press(clerk, "Enter")
    expect(clerk.get_by_text("Signert.")).to_be_visible()


def test_it_works_without_a_script(browser: Browser, site: str, clerk: Page, request: pytest.FixtureRequest) -> None:
    context: BrowserContext = browser.new_context(base_url=site, locale="nb-NO", java_script_enabled=False)
    page = context.new_page()
    enter(page, "Merkantil")
    page.goto("/referrals?order=newest")
    page.get_by_role("row", name=re.compile(request.node.name)).get_by_role("link").click()
    page.get_by_text("Send videre til riktig enhet").click()
    page.locator("#forward-unit").fill("Medisinsk")
    page.get_by_label("Hvorfor den andre enheten er rett sted").fill("Gjelder indremedisin")
    page.get_by_role("button", name="Send videre").click()
    expect(page.get_by_text("Flere enheter passer. Velg en av dem.")).to_be_visible()
    page.locator('[name="unit-id"]').first.check()
    page.get_by_role("button", name="Send videre").click()
    expect(page.get_by_text("Fristen løper fra første mottak.")).to_be_visible()
    context.close()


def test_the_patient_sees_where_it_stands(page: Page, browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="nb-NO")
    refer(context.new_page(), "Vurdering av hofte")
    context.close()
    enter(page, "Pasient")
    page.goto("/own/referrals")
    expect(page.get_by_text("Vurdering av hofte")).to_be_visible()
    expect(page.get_by_text("Blir vurdert").first).to_be_visible()
    looks_right(page)


def test_the_paper_door_looks_right(page: Page) -> None:
    enter(page, "Fastlege")
    page.goto(f"/patient/{STORY['patient']}/refer")
    looks_right(page)
    page.get_by_label("Den kom på papir").check()
    expect(page.get_by_label("HPR-nummeret til henviseren")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Signer og send henvisningen").click()
    expect(page.get_by_text("Noe mangler.")).to_be_visible()
    looks_right(page)
