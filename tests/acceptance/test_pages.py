"""The pages in a real browser: signing in, finding, reading, printing, by mouse, keyboard and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from felles.demo import STORY, people

pytestmark = pytest.mark.xdist_group("browser")
EXERCISE = "Øvingsdata – ikke målte tall"
NAME = f"{STORY['family']}, {STORY['given']}"
PATIENT = f"/patient/{STORY['patient']}"


def choose(page: Page) -> None:
    """Step one and two: type, choose."""
    page.get_by_label("Navn, fødselsdato eller fødselsnummer").fill(STORY["family"])
    page.get_by_role("link", name=NAME).click()


def test_the_sign_in_page_offers_eight_people_by_role_and_two_who_control(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text(EXERCISE)).to_be_visible()
    offered = page.get_by_role("main").get_by_role("button")
    expect(offered).to_have_count(10)
    for person in people():
        expect(offered.filter(has_text=person.role).filter(has_text=person.name)).to_be_visible()


def test_any_patient_is_open_in_two_steps(doctor: Page) -> None:
    choose(doctor)
    expect(doctor.get_by_role("heading", level=1)).to_have_text(NAME)
    assert doctor.url.endswith(PATIENT)


def test_the_overview_shows_everything_on_one_page_without_sideways_scroll(doctor: Page) -> None:
    doctor.goto(PATIENT)
    banner = doctor.get_by_role("region", name="Pasient", exact=True)
    for words in ("Født", "Kvinne", "Fødselsnummer", "Fastlege", "Penicillin"):
        expect(banner).to_contain_text(words)
    assert re.search(r"\b\d{2}\.\d{2}\.\d{4} \(\d+ år\)", banner.inner_text())
    assert re.search(r"\b\d{6} \d{5}\b", banner.inner_text())
    for title in (
        "Problemer",
        "Medisiner",
        "Allergier",
        "Siste prøvesvar",
        "Vitale mål",
        "Notater",
        "Kontakter",
        "Tidslinje",
    ):
        expect(doctor.get_by_role("heading", name=re.compile(f"^{title}"))).to_be_visible()
    assert doctor.locator("#results svg").count() > 3
    assert doctor.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(doctor.get_by_text(EXERCISE).first).to_be_visible()


def test_what_must_not_be_missed_stays_in_sight(doctor: Page) -> None:
    doctor.goto(PATIENT)
    doctor.get_by_role("heading", name="Tidslinje").scroll_into_view_if_needed()
    doctor.mouse.wheel(0, 4000)
    banner = doctor.get_by_role("region", name="Pasient", exact=True)
    expect(banner.get_by_text("Penicillin")).to_be_in_viewport()
    expect(doctor.get_by_role("heading", level=1)).to_be_in_viewport()


def test_the_timeline_by_level(doctor: Page) -> None:
    doctor.goto(PATIENT)
    events = doctor.locator(".event:visible")
    everything = events.count()
    doctor.get_by_role("radio", name=re.compile("Fastlege")).check(force=True)
    assert 0 < events.count() < everything
    assert set(doctor.locator(".event:visible .level").all_inner_texts()) == {"Fastlege"}


def test_nothing_about_people_stands_in_addresses(doctor: Page) -> None:
    asked: list[str] = []
    doctor.on("request", lambda request: asked.append(request.url))
    doctor.get_by_label("Navn, fødselsdato eller fødselsnummer").press_sequentially("tindvoll 1948", delay=20)
    expect(doctor.get_by_role("status")).to_be_visible()
    doctor.get_by_role("button", name="Søk", exact=True).click()
    doctor.wait_for_load_state()
    assert asked and not [url for url in asked if "tindvoll" in url.lower() or "1948" in url]


def test_a_page_is_one_request(doctor: Page) -> None:
    doctor.goto(PATIENT)
    asked: list[str] = []
    doctor.on("request", lambda request: asked.append(request.url))
    doctor.goto(PATIENT)
    assert len([url for url in asked if "/static/" not in url]) == 1


def test_the_palette_by_keyboard(doctor: Page) -> None:
    doctor.keyboard.press("Control+k")
    field = doctor.get_by_role("combobox")
    expect(field).to_be_focused()
    field.fill(STORY["family"])
    expect(doctor.get_by_role("option", name=re.compile(NAME))).to_be_visible()
    doctor.keyboard.press("Enter")
    expect(doctor.get_by_role("heading", level=1)).to_have_text(NAME)
    doctor.keyboard.press("Control+k")
    field.fill("alle prøve")
    expect(doctor.get_by_role("option", name="Alle prøvesvar")).to_have_attribute("aria-selected", "true")
    doctor.keyboard.press("Enter")
    doctor.wait_for_url("**/results")
    doctor.keyboard.press("Control+k")
    expect(field).to_be_focused()
    doctor.keyboard.press("Escape")
    expect(field).to_be_hidden()


def test_enter_never_opens_what_an_older_list_held(doctor: Page) -> None:
    doctor.goto(PATIENT)
    doctor.keyboard.press("Control+k")
    expect(doctor.get_by_role("option").first).to_be_visible()
    held: list[Route] = []
    doctor.route("**/palette", lambda route: held.append(route))
    field = doctor.get_by_role("combobox")
    field.fill(STORY["family"])
    field.press("Enter")
    doctor.wait_for_timeout(400)
    expect(field).to_be_visible()
    held[-1].continue_()
    expect(field).to_be_hidden()
    expect(doctor.get_by_role("heading", level=1)).to_have_text(NAME)


def test_everything_without_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=site, locale="nb-NO")
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Fastlege", exact=False).first.click()
    page.get_by_label("Navn, fødselsdato eller fødselsnummer").fill("tind")
    page.get_by_role("button", name="Søk", exact=True).click()
    if page.get_by_role("link", name=NAME).count():
        page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    page.get_by_role("link", name="Skriv ut").click()
    expect(page.get_by_text("Skrevet ut")).to_contain_text(EXERCISE)
    page.get_by_role("button", name="nn").click()
    expect(page.get_by_role("heading", name="Medisinar")).to_be_visible()
    page.get_by_role("button", name="Logg ut").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Éin journal for heile regionen")
    context.close()


def test_signing_out_ends_the_session_for_good(doctor: Page) -> None:
    stolen = doctor.context.cookies()
    doctor.get_by_role("button", name="Logg ut").click()
    doctor.context.clear_cookies()
    doctor.context.add_cookies(stolen)
    answer = doctor.goto(PATIENT)
    assert answer is not None and answer.status == 401
    expect(doctor.get_by_role("heading", name="Hvem er du i dag?")).to_be_visible()


def test_after_signing_in_again_one_is_where_one_was(page: Page) -> None:
    page.goto(PATIENT)
    page.get_by_role("button", name="Lege, medisinsk avdeling").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


def test_what_was_typed_is_never_lost(doctor: Page) -> None:
    field = doctor.get_by_label("Navn, fødselsdato eller fødselsnummer")
    doctor.context.clear_cookies()
    field.fill("nordlund ingeborg")
    expect(doctor.get_by_role("alert")).to_contain_text("Økten er avsluttet")
    expect(field).to_have_value("nordlund ingeborg")
    doctor.get_by_role("button", name="Søk", exact=True).click()
    expect(doctor.get_by_text("Det du skrev er tatt vare på")).to_be_visible()
    doctor.get_by_role("button", name="Lege, medisinsk avdeling").click()
    expect(doctor.get_by_label("Navn, fødselsdato eller fødselsnummer")).to_have_value("nordlund ingeborg")


def test_the_patient_reads_own_record_only(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name=STORY["name"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.locator(".palette-open")).to_have_count(0)
    page.goto("/start")
    expect(page.get_by_role("link", name="Finn pasient")).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("link", name="Hvem har sett journalen min")).to_be_visible()
    for other, status, said in (
        ("/find", 403, "Du har ikke tilgang hit"),
        ("/patient/somebody-else", 404, "Pasienten finnes ikke"),
    ):
        answer = page.goto(other)
        assert answer is not None and answer.status == status
        expect(page.get_by_role("heading", level=1)).to_have_text(said)


def test_the_roll_out_leader_reads_no_patient(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Utrullingsleder").click()
    expect(page.get_by_text("Ingen pasienter i denne rollen")).to_be_visible()
    answer = page.goto(PATIENT)
    assert answer is not None and answer.status == 403


def test_errors_in_people_s_words(doctor: Page) -> None:
    for path, words in (("/patient/nobody", "Pasienten finnes ikke"), ("/nowhere", "Siden finnes ikke")):
        answer = doctor.goto(path)
        assert answer is not None and answer.status == 404
        expect(doctor.get_by_role("heading", level=1)).to_have_text(words)


def test_three_languages(doctor: Page) -> None:
    doctor.goto(PATIENT)
    for code, title in (("nn", "Medisinar"), ("en", "Medicines"), ("nb", "Medisiner")):
        doctor.get_by_role("group").get_by_role("button", name=code).click()
        expect(doctor.get_by_role("heading", name=re.compile(f"^{title}"))).to_be_visible()
        assert doctor.locator("html").get_attribute("lang") == code


def test_a_clerk_is_told_what_the_role_does_not_see_and_not_that_there_is_nothing(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Merkantil, ortopedi").click()
    page.wait_for_url("**/find")
    page.locator("a[href^='/patient/']").first.click()
    page.wait_for_url("**/patient/*")
    expect(page.get_by_text("Allergier vises ikke i din rolle")).to_be_visible()
    expect(page.get_by_text("Vises ikke i din rolle")).to_have_count(6)
    page.goto(page.url + "/print")
    said = page.inner_text("body")
    assert "Vises ikke i din rolle" in said
    for untrue in ("Ingen kjente allergier", "Allergier ikke registrert", "Ingen medisiner", "Ingen notater"):
        assert untrue not in said
