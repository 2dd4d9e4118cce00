"""Duties in a browser: an emergency is reviewed, by keyboard alone, seen by everybody who should, at both widths."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from felles.demo import STORY
from tests.acceptance.test_accessible import SIZES, violations

pytestmark = pytest.mark.xdist_group("browser")
WHY = "Funnet bevisstløs hjemme"


def enter(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_role("button", name=re.compile(f"^{name}")).click()
    page.wait_for_load_state()


@pytest.fixture(scope="module")
def owed(browser: Any, site: str) -> None:
    """The doctor has opened a record in an emergency."""
    context = browser.new_context(base_url=site, locale="nb-NO")
    page = context.new_page()
    enter(page, "Lege, medisinsk avdeling")
    page.goto(f"/patient/{STORY['patient']}/emergency")
    page.get_by_role("radio").first.check()
    page.get_by_label("Hvorfor trengs journalen nå?").fill(WHY)
    page.get_by_role("button", name="Åpne journalen").click()
    page.wait_for_url("**/patient/*")
    context.close()


@pytest.fixture
def leader(page: Page, owed: None) -> Page:
    enter(page, "Enhetsleder")
    page.goto("/duties?box=told&order=-opened")
    return page


def looks_right(page: Page) -> None:
    for size in SIZES:
        page.set_viewport_size(size)
        assert violations(page) == [], size
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"scrolls sideways at {size}"
    page.set_viewport_size(SIZES[0])


def test_every_page_of_the_ledger_is_accessible(leader: Page) -> None:
    looks_right(leader)
    leader.get_by_role("link", name="Etterkontroll av nødåpning").first.click()
    expect(leader.get_by_text(WHY)).to_be_visible()
    looks_right(leader)
    for path in ("/balance", "/start"):
        leader.goto(path)
        looks_right(leader)
    leader.goto("/balance")
    leader.get_by_role("table").get_by_role("link").first.click()
    expect(leader.get_by_role("heading", level=1)).to_contain_text("Etterkontroll av nødåpning")
    looks_right(leader)
    leader.goto("/duties")
    leader.get_by_label("Hele listen").check()
    leader.get_by_role("button", name="Gjør noe med de merkede").click()
    expect(leader.get_by_role("heading", level=1)).to_contain_text("Hva skal gjøres med")
    looks_right(leader)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, words: str, most: int = 60) -> None:
    """Tab until something of these words has the focus; it is seen there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(() => { const e = document.activeElement; return (e.labels?.[0] ?? e).textContent.trim(); })()"
        )
        if found.startswith(words):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", words
            return
    raise AssertionError(f"{words} is not reached by Tab")


def test_a_review_by_keyboard_alone(leader: Page) -> None:
    tab_to(leader, "Etterkontroll av nødåpning")
    press(leader, "ArrowDown", "Home", "Space")
    expect(leader.get_by_role("checkbox", name=re.compile("^Merk")).first).to_be_checked()
    press(leader, "Space", "Enter")
    expect(leader.get_by_text(WHY)).to_be_visible()
    tab_to(leader, "Utfall")
    press(leader, "ArrowDown")
    tab_to(leader, "Hvorfor den lukkes")
    leader.keyboard.type("Pasienten var bevisstløs, oppslaget var nødvendig")
    press(leader, "Enter")
    expect(leader.get_by_text("Angre lukkingen")).to_be_visible()
    tab_to(leader, "Angre lukkingen")
    press(leader, "Enter")
    tab_to(leader, "Hvorfor det angres")
    leader.keyboard.type("Skal se mer på den")
    press(leader, "Enter")
    expect(leader.get_by_text("Skal se mer på den")).to_be_visible()
    expect(leader.get_by_role("button", name="Lukk plikten")).to_be_visible()


def test_many_at_once_go_on_by_themselves_and_are_undone(leader: Page) -> None:
    leader.goto("/duties?kind=emergency-review")
    leader.get_by_label("Hele listen").check()
    leader.get_by_role("button", name="Gjør noe med de merkede").click()
    leader.get_by_label("Ta plikter").check()
    leader.get_by_role("button", name="Gjør det").click()
    expect(leader.get_by_text("Ferdig.")).to_be_visible()
    done = leader.locator("#bulk-done").inner_text()
    assert int(done) >= 1
    looks_right(leader)
    leader.get_by_text("Angre det som er gjort").click()
    leader.get_by_label("Hvorfor det angres").fill("Feil liste")
    leader.get_by_role("button", name="Angre alle").click()
    expect(leader.locator("#bulk-done")).to_have_text(done)


def test_counts_follow_while_somebody_is_there(leader: Page, visitor: BrowserContext) -> None:
    leader.clock.install()
    leader.goto("/duties?box=told")
    other = visitor.new_page()
    other.goto("/duties?box=told")
    other.get_by_role("link", name="Etterkontroll av nødåpning").first.click()
    other.get_by_role("button", name="Ta den").click()
    other.wait_for_load_state()
    leader.clock.run_for(25_000)
    expect(leader.get_by_role("link", name="Listen er endret. Vis på nytt")).to_be_visible()
    asked: list[str] = []
    leader.on("request", lambda request: asked.append(request.url))
    leader.clock.run_for(300_000)
    leader.clock.run_for(300_000)
    late = len(asked)
    leader.clock.run_for(120_000)
    assert len(asked) == late, "an idle page asks no more, so that its session ends"


def test_it_works_without_a_script(browser: Any, site: str, owed: None) -> None:
    context = browser.new_context(base_url=site, locale="nb-NO", java_script_enabled=False)
    page = context.new_page()
    enter(page, "Enhetsleder")
    page.goto("/duties?box=told&kind=emergency-review")
    page.get_by_role("link", name="Etterkontroll av nødåpning").first.click()
    expect(page.get_by_role("button", name="Lukk plikten")).to_be_visible()
    page.goto("/duties?kind=emergency-review")
    page.get_by_label("Hele listen").check()
    page.get_by_role("button", name="Gjør noe med de merkede").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hva skal gjøres med")
    context.close()
