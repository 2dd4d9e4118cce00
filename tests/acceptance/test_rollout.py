"""The press release's case, from one command: verdicts, plan and paper; and its pages in a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.test_duties import enter, looks_right
from tests.server import serving

pytestmark = [pytest.mark.xdist_group("rollout"), pytest.mark.slow]
FELLES = Path(sys.executable).with_name("felles")
HARD = ("undelivered-letters", "unacknowledged-messages", "imaging-orders", "imaging-turnaround", "referral-backlog",
        "npr-extract", "critical-faults")  # fmt: skip
TRUSTS = {"levanger-sh", "namsos-sh", "alesund-sh", "volda-sh", "molde-sh", "kristiansund-sh"}


def felles(*words: str) -> bytes:
    done = subprocess.run([FELLES, *words], capture_output=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rollout") / "rollout.db"


@pytest.fixture(scope="module")
def case(store: Path) -> Any:
    return json.loads(felles("rollout", "demo", "--store", str(store), "--json"))


@pytest.fixture(scope="module")
def site(store: Path, case: Any) -> Iterator[str]:
    with serving(str(store)) as (address, _):
        yield address


def test_the_trusts_gates_answer_no_on_counted_rows(case: Any) -> None:
    verdicts = {each["unit"]: each for each in case["verdicts"]}
    for unit in TRUSTS:
        assert verdicts[unit]["go"] is False
        assert set(HARD) <= set(verdicts[unit]["red"])
        rows = {row["criterion"]: row for row in verdicts[unit]["criteria"]}
        assert all(rows[key]["whole"] > 0 and rows[key]["part"] is not None for key in HARD)
        assert all(row["newest"] is None or row["newest"] <= "2023-01-05" for row in rows.values())
    assert verdicts["levanger"]["go"] is verdicts["verdal"]["go"] is True


def test_both_trusts_move_later_no_unit_earlier_and_no_municipality(case: Any) -> None:
    units = {each["unit"]: each for each in case["units"]}
    for key, each in units.items():
        if key in TRUSTS:
            assert each["new"] > each["old"]
            assert date.fromisoformat(each["new"]).weekday() == 5
            assert "St. Olavs hospital" in each["reason"]
        else:
            assert each["new"] == each["old"], key
    assert case["municipal_dates_moved"] == 0
    assert case["tasks"]["changed"] <= 0.3 * case["tasks"]["old"]
    assert {units[key]["new"] for key in ("levanger-sh", "namsos-sh")} == {units["levanger-sh"]["new"]}
    assert all(each["kept"] >= 0.78 for key, each in units.items() if key in TRUSTS)


def test_alternatives_have_cost_and_risk_or_say_what_cannot_be_kept(case: Any) -> None:
    found = {each["key"]: each for each in case["alternatives"]}
    possible = [each for each in found.values() if each["possible"]]
    assert len(possible) >= 3
    assert all(each["cost"]["total"] > 0 and each["dates"] for each in possible)
    assert found["early"]["dates"]["levanger-sh"]["new"] <= found["least"]["dates"]["levanger-sh"]["new"]
    assert found["safe"]["dates"]["alesund-sh"]["kept"] >= 0.88
    assert found["summer"]["possible"] is False
    assert any("10.06.2023" in words for words in found["summer"]["conflict"])


def test_the_same_command_says_the_same_again(store: Path, case: Any, tmp_path: Path) -> None:
    assert json.loads(felles("rollout", "demo", "--store", str(store), "--json")) == case
    fresh = json.loads(felles("rollout", "demo", "--store", str(tmp_path / "other.db"), "--json"))
    for each in (case, fresh):
        for alternative in each["alternatives"]:
            alternative.pop("seconds")
    assert fresh == case


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_the_paper_is_a_tagged_pdf_and_says_what_a_board_needs(
    store: Path, case: Any, tmp_path: Path, language: str
) -> None:
    out = tmp_path / "paper.pdf"
    felles("rollout", "paper", "--store", str(store), "--out", str(out), "--language", language)
    pdf = out.read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in pdf or b"/ObjStm" in pdf
    page = tmp_path / "paper.html"
    felles("rollout", "paper", "--store", str(store), "--out", str(page), "--language", language)
    said = page.read_text()
    new = {each["new"] for each in case["units"] if each["moved"]}
    assert all(f"{date.fromisoformat(day):%d.%m.%Y}" in said for day in new)
    assert "S-01/2023" in said
    assert "26.01.2023" in said
    assert ("Framlegg" in said or "framlegg" in said) if language == "nn" else "Forslag til vedtak" in said
    days = [date(int(y), int(m), int(d)) for d, m, y in re.findall(r"(\d\d)\.(\d\d)\.(20\d\d)", said.split("<h2>")[2])]
    assert max(days) <= date(2023, 1, 5)


def test_the_pages_look_right_and_lead_from_the_answer_to_its_definition(page: Page) -> None:
    enter(page, "Utrullingsleder")
    page.goto("/rollout")
    expect(page.get_by_text("Statusdato 05.01.2023")).to_be_visible()
    looks_right(page)
    page.get_by_role("link", name="Sykehuset Levanger").click()
    page.get_by_text("Slik er det regnet").first.click()
    expect(page.get_by_text("eldre enn to virkedager").first).to_be_visible()
    looks_right(page)
    for path in ("/rollout/plan/least", "/rollout/plan/summer", "/rollout/plan/old", "/rollout/try", "/rollout/paper"):
        page.goto(path)
        looks_right(page)


def test_a_date_is_tried_out_and_its_consequences_are_shown(page: Page) -> None:
    enter(page, "Utrullingsleder")
    page.goto("/rollout/try?unit=levanger-sh&day=2023-06-10")
    expect(page.get_by_role("alert")).to_contain_text("Ikke mulig")
    page.get_by_label("Oppstart (en lørdag)").fill("2024-04-06")
    page.get_by_role("button", name="Vis følgene").click()
    expect(page.get_by_role("table")).to_contain_text("06.04.2024")
    expect(page.get_by_role("row", name="Molde kommune")).to_contain_text("står")
    looks_right(page)


def test_a_decision_against_the_gate_needs_a_reason_and_stands_in_the_paper(page: Page) -> None:
    enter(page, "Utrullingsleder")
    page.goto("/rollout/unit/namsos-sh")
    page.get_by_label("Vi går videre").select_option("go")
    page.get_by_role("button", name="Signer beslutningen").click()
    expect(page.get_by_role("alert")).to_contain_text("Porten svarer noe annet")
    page.goto("/rollout/unit/namsos-sh")
    page.get_by_label("Vi går videre").select_option("go")
    page.get_by_label("Begrunnelse").fill("Prøvd i øvelsen")
    page.get_by_role("button", name="Signer beslutningen").click()
    expect(page.get_by_text("i strid med porten")).to_be_visible()
    page.goto("/rollout/paper")
    expect(page.get_by_text("Prøvd i øvelsen")).to_be_visible()
