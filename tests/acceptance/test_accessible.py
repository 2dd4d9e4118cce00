"""WCAG 2.2 AA by axe-core on every page, in three widths; and what axe cannot see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from felles.demo import STORY

pytestmark = pytest.mark.xdist_group("browser")
AXE = Path(__file__).resolve().parents[2] / "build/assets/axe.min.js"
PATIENT = f"/patient/{STORY['patient']}"
PAGES = ["/find", PATIENT, f"{PATIENT}/results", f"{PATIENT}/print", "/patient/nobody"]
SIZES: list[Any] = [{"width": 1366, "height": 768}, {"width": 320, "height": 640}]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe-core finds, as `rule: element` lines. Evaluated from outside: the pages' policy is strict."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: run scripts/assets.py --test")
    page.evaluate(AXE.read_text() + "\n;0")
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    return [f"{v['id']}: {node['html'][:160]}" for v in found["violations"] for node in v["nodes"]]


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
def test_sign_in(page: Page, size: Any) -> None:
    page.set_viewport_size(size)
    page.goto("/")
    assert violations(page) == []


@pytest.mark.parametrize("size", SIZES, ids=["laptop", "narrow"])
@pytest.mark.parametrize("path", PAGES)
def test_pages(doctor: Page, path: str, size: Any) -> None:
    doctor.set_viewport_size(size)
    doctor.goto(path)
    assert violations(doctor) == []
    assert doctor.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"


def test_the_palette_and_a_list_of_hits(doctor: Page) -> None:
    doctor.get_by_label("Navn, fødselsdato eller fødselsnummer").fill("a")
    doctor.get_by_label("Navn, fødselsdato eller fødselsnummer").fill(STORY["family"])
    expect(doctor.get_by_role("status")).to_have_text("1 treff")
    assert violations(doctor) == []
    doctor.keyboard.press("Control+k")
    expect(doctor.get_by_role("option").first).to_be_visible()
    assert violations(doctor) == []


def test_the_first_tab_skips_to_the_content_and_focus_is_seen(doctor: Page) -> None:
    doctor.goto(PATIENT)
    doctor.keyboard.press("Tab")
    link = doctor.get_by_role("link", name="Gå til innholdet")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    doctor.keyboard.press("Enter")
    assert doctor.evaluate("document.activeElement.id") == "main"
    doctor.keyboard.press("Tab")
    assert doctor.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_targets_are_large_enough(doctor: Page) -> None:
    doctor.goto(PATIENT)
    small = doctor.evaluate(
        """() => [...document.querySelectorAll('button, summary, .tabs a, .filter label, .top a')]
            .filter(e => e.checkVisibility()).filter(e => { const r = e.getBoundingClientRect();
            return r.width < 24 || r.height < 24 }).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert small == []
