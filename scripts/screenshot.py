#!/usr/bin/env python3
"""Take the pictures of the documents from a running demo region: `uv run python scripts/screenshot.py [ADDRESS]`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from felles.demo import STORY

IMAGES = Path(__file__).resolve().parent.parent / "docs/images"
PAGES = {
    "overview": "", "medicines": "/medicines", "results": "/results",
    "prescribing": "/medicines/new?product=ibuprofen-400&dose=1 tablett 3 ganger daglig",
}  # fmt: skip
"""Picture → the page of the patient of the story."""


def main(address: str = "http://localhost:8080") -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 900}, locale="nb-NO", base_url=address)
        page.goto(f"/patient/{STORY['patient']}")
        page.get_by_role("button", name="Lege, medisinsk avdeling").click()
        page.wait_for_load_state("networkidle")
        for name, path in PAGES.items():
            page.goto(f"/patient/{STORY['patient']}{path}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / f"{name}.png")
        page.goto("/round")
        page.locator(".medicine-what a").first.click()
        page.get_by_role("link", name="Dagen før").click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "drug-chart.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
