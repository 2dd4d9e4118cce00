"""The tasks of the clinician's day in a browser: how many steps each takes. A press or a filled field is a step.

The budgets stand in docs/usability.md, which this test reads: a task above its budget fails.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from felles.clinical.product import SOURCE
from felles.demo import STORY
from tests.acceptance.test_duties import SIZES, enter, looks_right, violations

pytestmark = pytest.mark.xdist_group("browser")
LOSARTAN = next(one.gtin.zfill(14) for one in SOURCE.find("losartan"))
DOCS = Path(__file__).parents[2] / "docs" / "usability.md"


def budget(task: str) -> int:
    """The most steps that a task may take."""
    row = next(line for line in DOCS.read_text("utf-8").splitlines() if line.startswith(f"| {task} |"))
    return int(row.split("|")[2])


class Steps:
    """Counts what a person does."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, role: Any, name: str | re.Pattern[str], *, within: str = "body") -> None:
        self.count += 1
        self.page.locator(within).get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()

    def fill(self, label: str, text: str) -> None:
        """Types, and Enter."""
        self.count += 1
        field = self.page.get_by_label(label, exact=True).first
        field.fill(text)
        field.press("Enter")
        self.page.wait_for_load_state()


def overview(page: Page, who: str) -> Steps:
    """At the overview of a patient of the visitor's."""
    enter(page, who)
    page.goto(f"/patient/{STORY['patient']}")
    return Steps(page)


def test_a_given_paracetamol(page: Page) -> None:
    steps = overview(page, "Hjemmesykepleier")
    steps.press("link", re.compile("^Medisiner"), within="nav.tabs")
    looks_right(page)
    steps.press("button", "Gi nå Paracetamol 1 g")
    expect(page.get_by_role("status").filter(has_text="Gitt og ført")).to_be_visible()
    assert steps.count <= budget("Record a given paracetamol")
    page.get_by_role("button", name="Angre: ikke gitt").first.click()
    expect(page.get_by_text("Angret: ikke gitt.")).to_be_visible()


def test_a_dose_is_given_by_scanner(page: Page) -> None:
    enter(page, "Lege, medisinsk avdeling")
    page.goto("/patients")
    looks_right(page)
    page.goto("/round")
    looks_right(page)
    page.locator(".medicine-what a").first.click()
    here = page.url.removesuffix("/drug-chart")
    number = page.locator(".banner .number").first.inner_text().replace(" ", "")
    page.goto(f"{here}/medicines/new?product=losartan-50&dose=1 tablett hver 4. time")
    reason = page.get_by_label("Hvorfor den forskrives", exact=False)
    if reason.count():
        reason.first.fill("Økt dose, avtalt på visitten")
    page.get_by_role("button", name="Signer").first.click()
    page.goto(here)
    steps = Steps(page)
    steps.press("link", "Kurve", within="nav.tabs")
    steps.fill("Skann armbånd eller pakning", number)
    expect(page.get_by_text("Riktig pasient")).to_be_visible()
    steps.fill("Skann armbånd eller pakning", f"(01){LOSARTAN}(17)301231(10)L7")
    looks_right(page)
    steps.count += 1
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Gitt og ført")).to_be_visible()
    assert steps.count <= budget("Give a dose by scanner")
    looks_right(page)


def test_a_common_medicine_is_prescribed_and_renewed(page: Page) -> None:
    steps = overview(page, "Fastlege")
    steps.press("link", re.compile("^Medisiner"), within="nav.tabs")
    steps.fill("Ny medisin", "cetir")
    looks_right(page)
    steps.press("link", re.compile("1 tablett 1 gang daglig"))
    looks_right(page)
    steps.press("button", "Signer")
    expect(page.get_by_role("status").filter(has_text="Forskrevet")).to_be_visible()
    assert steps.count <= budget("Prescribe a common medicine")
    page.get_by_role("link", name="Oversikt").click()
    again = Steps(page)
    again.press("link", re.compile("^Medisiner"), within="nav.tabs")
    again.press("button", "Forny Cetirizin 10 mg tablett")
    expect(page.get_by_role("status").filter(has_text="Fornyet")).to_be_visible()
    assert again.count <= budget("Renew")


def test_an_answer_is_seen_and_told_to_the_patient(page: Page) -> None:
    enter(page, "Fastlege")
    page.goto("/duties?kind=see-result&box=unit")
    steps = Steps(page)
    steps.press("link", re.compile(r"· \d"), within="#duty-list")
    expect(page.get_by_role("heading", name=re.compile("Ikke sett ennå"))).to_be_visible()
    looks_right(page)
    steps.press("button", re.compile("Sett, og brev til pasienten"))
    page.get_by_label("Egen tekst i brevet").fill("Prøvene er fine.")
    expect(page.locator("#preview")).to_contain_text("Prøvene er fine")
    steps.press("button", "Signer og send")
    expect(page.get_by_text("Brevet er signert")).to_be_visible()
    assert steps.count <= budget("Result seen with a letter to the patient")


def test_a_full_set_is_measured(page: Page) -> None:
    steps = overview(page, "Hjemmesykepleier")
    steps.press("link", re.compile("^Målinger"), within="nav.tabs")
    looks_right(page)
    page.get_by_label("Lim inn eller skriv alt på en linje").fill("120/80 72 16 98 37,0 A")
    steps.press("button", "Før målene")
    expect(page.get_by_text("Målene er ført.")).to_be_visible()
    assert steps.count + 1 <= budget("A full set of vital signs with NEWS2")


def test_a_full_set_is_measured_by_tab_alone(page: Page) -> None:
    overview(page, "Hjemmesykepleier").press("link", re.compile("^Målinger"), within="nav.tabs")
    for text in ("", "95", "60", "112", "24", "93", "38,5", "", "V"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(page.get_by_label("Bevissthet")).to_have_value("V")
    page.get_by_role("button", name="Regn ut NEWS2 først").press("Enter")
    expect(page.get_by_text("Høy risiko: akutteam")).to_be_visible()
    looks_right(page)


def test_a_note_saves_itself_and_survives_a_closed_page(page: Page) -> None:
    steps = overview(page, "Fastlege")
    steps.press("link", re.compile("^Notater"), within="nav.tabs")
    looks_right(page)
    steps.press("button", "Journalnotat")
    looks_right(page)
    here = page.url
    page.get_by_label("Aktuelt").fill("Hoste i tre dager.")
    expect(page.locator("#t0")).to_have_text("Lagret", timeout=8_000)
    page.get_by_label("Funn").fill("Rene lunger.")
    page.goto("/start")
    page.goto(here)
    expect(page.get_by_label("Aktuelt")).to_have_value("Hoste i tre dager.")
    expect(page.get_by_label("Funn")).to_have_value("Rene lunger.")
    steps.press("button", "Signer")
    expect(page.get_by_text("Notatet er signert.")).to_be_visible()
    expect(page.get_by_text("Rene lunger.")).to_be_visible()
    assert steps.count <= budget("Write and sign a note")


def test_a_common_panel_is_ordered(page: Page) -> None:
    steps = overview(page, "Fastlege")
    steps.press("link", re.compile("^Rekvirer"), within="nav.tabs")
    looks_right(page)
    steps.press("checkbox", re.compile("Blodprøver, grunnpakke"))
    steps.press("button", "Signer og send rekvisisjonen")
    expect(page.get_by_role("status").filter(has_text="Rekvirert.")).to_be_visible()
    expect(page.get_by_text("venter på svar").first).to_be_visible()
    looks_right(page)
    assert steps.count <= budget("Order a common panel and sign")


def test_an_allergy_is_recorded(page: Page) -> None:
    steps = overview(page, "Fastlege")
    steps.press("link", re.compile("^Problemer og allergier"), within="nav.tabs")
    page.get_by_text("Legg til en allergi").click()
    looks_right(page)
    page.get_by_label("Mot hva").fill("Bringebær")
    steps.press("button", "Signer allergien")
    expect(page.get_by_text("Allergien er lagt til.")).to_be_visible()
    expect(page.locator(".alerts")).to_contain_text("Bringebær")
    assert steps.count + 2 <= budget("Record an allergy")


@pytest.mark.parametrize(("language", "size"), [("nn", SIZES[-1]), ("en", SIZES[0])])
def test_the_clinicians_pages_in_the_other_languages(page: Page, language: str, size: Any) -> None:
    overview(page, "Lege, medisinsk avdeling")
    here = f"/patient/{STORY['patient']}"
    page.locator(f"button[lang={language}]").first.click()
    page.set_viewport_size(size)
    pages = ("", "/results", "/notes", "/problems", "/medicines", "/drug-chart", "/orders", "/vitals", "/print",
             "/medicines/new?product=ibuprofen-400&dose=1x3", "/medicines/reconcile")  # fmt: skip
    for path in (*(f"{here}{one}" for one in pages), "/patients", "/round"):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
