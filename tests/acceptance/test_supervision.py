"""The register of authorisations and the oversight of the log in a browser: WCAG 2.2 AA in two widths, and a role that
is given and ended with the keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from felles.demo import STORY
from tests.acceptance.test_accessible import SIZES, violations

pytestmark = pytest.mark.xdist_group("browser")
NURSE = "Jonas Huldreng"


def signed_in(page: Page, role: str) -> Page:
    page.goto("/sign-in")
    page.get_by_role("button", name=role).click()
    page.get_by_role("link", name="Autorisasjoner").first.click()
    page.wait_for_url("**/authorisations")
    return page


def whole(page: Page) -> None:
    """Nothing for axe to find, nothing beside the screen."""
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
def test_the_register(page: Page, size: Any) -> None:
    page.set_viewport_size(size)
    signed_in(page, "Enhetsleder, sengepost")
    whole(page)
    page.get_by_role("link", name=NURSE).click()
    whole(page)
    address = page.url
    for path in ("give", "leave"):
        page.goto(f"{address}/{path}")
        whole(page)
    page.goto(address)
    page.get_by_role("link", name="Avslutt Sykepleier").click()
    whole(page)


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
def test_oversight(page: Page, size: Any) -> None:
    page.set_viewport_size(size)
    signed_in(page, "Personvernombud")
    whole(page)
    page.goto("/oversight")
    whole(page)
    page.get_by_role("button", name="Etterprøv hele loggen nå").click()
    expect(page.get_by_text("Loggen er den som ble skrevet", exact=True)).to_be_visible()
    whole(page)
    page.goto(f"/oversight/patient/{STORY['patient']}")
    whole(page)
    page.goto("/oversight")
    page.get_by_label("Innsyn i loggen for en ansatt eller en pasient").fill("Huldreng")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=NURSE).click()
    page.wait_for_url("**/oversight/person/*")
    whole(page)


def test_a_role_is_given_and_ended_with_the_keyboard(page: Page) -> None:
    signed_in(page, "Enhetsleder, sengepost")
    page.get_by_label("Finn en ansatt med navn eller HPR-nummer").focus()
    page.keyboard.type("huldreng")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=NURSE).press("Enter")
    page.get_by_role("link", name="Gi en rolle").press("Enter")
    page.get_by_label("Rolle").focus()
    page.keyboard.type("Merk")
    page.get_by_label("Hvorfor?").focus()
    page.keyboard.type("Dekker resepsjonen i dag")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="Dekker resepsjonen i dag")).to_be_visible()
    page.get_by_role("link", name="Avslutt Merkantil").press("Enter")
    page.get_by_label("Hvorfor?").focus()
    page.keyboard.type("Resepsjonen er bemannet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="Resepsjonen er bemannet")).to_be_visible()
    expect(page.get_by_role("link", name="Avslutt Merkantil")).to_have_count(0)
