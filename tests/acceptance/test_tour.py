"""A newcomer with docs/tour.md: the browser does what the steps say, word for word."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from felles.demo import STORY, region

pytestmark = pytest.mark.xdist_group("browser")
TOUR = Path(__file__).resolve().parents[2] / "docs/tour.md"
STEP = re.compile(r"^(\d+)\. +(.+?)(?=^\d+\. |^#|\Z)", re.M | re.S)
TOKEN = re.compile(r"\*\*(?P<choose>[^*]+)\*\*|\*(?P<see>[^*]+)\*|`(?P<type>[^`]+)`|<kbd>(?P<press>[^<]+)</kbd>")


def steps() -> list[tuple[int, str]]:
    """Number and text of each step, in order; the birth date as it is in a region of today."""
    text = TOUR.read_text().replace("14.03.1948", born())
    return [(int(number), " ".join(words.split())) for number, words in STEP.findall(text)]


def born() -> str:
    """When the patient of the story was born, as people write it."""
    patient = next(one for one in region(1) if one["id"] == STORY["patient"])
    return date.fromisoformat(patient["birthDate"]).strftime("%d.%m.%Y")


def named(page: Page, name: str) -> Locator:
    """The first thing of this name that can be chosen."""
    kinds = [page.get_by_role(role, name=re.compile(f"^{re.escape(name)}")) for role in ("radio", "button", "link")]  # type: ignore[arg-type]
    inside = page.get_by_role("button", name=name)
    found = kinds[0].or_(kinds[1]).or_(kinds[2]).or_(inside)
    return found.locator("visible=true").or_(kinds[0]).first


def follow(page: Page, token: re.Match[str]) -> None:
    """One thing to do or to see."""
    if words := token["choose"]:
        named(page, words).click(force=True)
        page.wait_for_timeout(200)
        page.wait_for_load_state()
    elif words := token["see"]:
        expect(page.get_by_text(words).locator("visible=true").first).to_be_visible()
    elif words := token["type"]:
        page.locator(":focus").press_sequentially(words, delay=10)
        page.wait_for_timeout(400)
    else:
        page.keyboard.press(token["press"])


def test_the_steps_are_numbered_and_few_enough_for_ten_minutes() -> None:
    assert [number for number, _ in steps()] == list(range(1, 21))


def test_the_tour(page: Page) -> None:
    page.goto("/")
    for number, text in steps():
        for token in TOKEN.finditer(text):
            try:
                follow(page, token)
            except Exception as fault:
                raise AssertionError(f"step {number}, at {token[0]}: {fault}") from fault
