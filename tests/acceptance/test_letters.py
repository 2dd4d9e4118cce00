"""Letters in a browser: written, looked at and signed in a few steps; the unit's list, the print room, templates."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from felles.demo import STORY
from tests.acceptance.test_duties import enter, looks_right
from tests.acceptance.test_referrals import Steps

pytestmark = pytest.mark.xdist_group("browser")
MOST = 4
"""Steps from the patient's letters to one that is signed."""


def test_a_letter_is_written_looked_at_and_signed(page: Page) -> None:
    enter(page, "Fastlege")
    page.goto(f"/patient/{STORY['patient']}/letters")
    looks_right(page)
    step = Steps(page)
    step("button", "Skriv brev")
    page.get_by_label("Egen tekst i brevet").fill("Prøvene dine er fine. Ta kontakt ved nye plager.")
    expect(page.locator("#preview")).to_contain_text("Prøvene dine er fine")
    looks_right(page)
    step("button", "Signer og send")
    expect(page.get_by_text("Brevet er signert")).to_be_visible()
    assert step.count <= MOST


@pytest.mark.parametrize("path", ["/letters", "/letters?box=in", "/print", "/templates", "/templates/appointment"])
def test_the_unit_s_pages_look_right(page: Page, path: str) -> None:
    enter(page, "Merkantil")
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    looks_right(page)
