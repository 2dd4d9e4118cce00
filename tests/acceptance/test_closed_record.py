"""A nurse meets a patient whom she has nothing to do with: the record is closed, is opened in an emergency, and is owed
a review. Over HTTP, on a region with real relations."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from felles.demo import STORY
from felles.demo.number import FNR
from tests.acceptance.conftest import _some

WHY = "Hjertestans, må kjenne legemidler og allergier"


def token(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


@pytest.fixture
def nurse(site: str) -> httpx.Client:
    client = httpx.Client(base_url=site, trust_env=False, timeout=30)
    answer = client.post("/sign-in", data={"token": token(client.get("/sign-in")), "person": "sykepleier"})
    assert answer.status_code == 303
    return client


def stranger(nurse: httpx.Client) -> dict[str, Any]:
    """A patient whose record is not open to the nurse, with a fødselsnummer and an address that anybody may see."""
    for one in _some():
        known = one["resourceType"] == "Patient" and not one["meta"].get("security") and one.get("address")
        numbers = [i["value"] for i in one.get("identifier", ()) if i["system"] == FNR]
        if known and numbers and nurse.get(f"/patient/{one['id']}").status_code == 404:
            return {**one, "number": numbers[0]}
    raise AssertionError("every record of the region is open to the nurse")


def test_a_closed_record_is_found_by_one_line_and_opened_in_an_emergency(nurse: httpx.Client) -> None:
    patient = stranger(nurse)
    place = f"/patient/{patient['id']}"
    line = nurse.post("/find", data={"token": token(nurse.get("/find")), "text": patient["number"]})
    assert f"{place}/emergency" in line.text
    assert patient["address"][0]["line"][0] not in line.text
    form = nurse.get(f"{place}/emergency")
    given = {"token": token(form), "reason": "life", "text": WHY}
    assert nurse.post(f"{place}/emergency", data={**given, "token": "x"}).status_code == 403
    assert nurse.post(f"{place}/emergency", data={**given, "text": ""}).status_code == 422
    assert nurse.get(place).status_code == 404
    assert nurse.post(f"{place}/emergency", data=given).headers["location"] == place
    chart = nurse.get(place)
    assert chart.status_code == 200 and "Nødåpning" in chart.text and WHY not in chart.text


def test_the_patient_sees_who_has_read_the_record_and_why(site: str) -> None:
    doctor, patient = (httpx.Client(base_url=site, trust_env=False, timeout=30) for _ in range(2))
    for client, person in ((doctor, "lege"), (patient, "pasient")):
        client.post("/sign-in", data={"token": token(client.get("/sign-in")), "person": person})
    assert doctor.get(f"/patient/{STORY['patient']}").status_code == 200
    assert doctor.get("/own/log").status_code == 403
    for _ in range(40):  # the log is sealed once a second
        page = patient.get("/own/log")
        if "Ingrid Tindeland" in page.text:
            break
        time.sleep(0.25)
    assert page.status_code == 200
    assert "Ingrid Tindeland" in page.text and "Medisinsk sengepost Nord" in page.text
    assert "undersøkelse eller behandling" in page.text
    assert patient.get("/own/log?before=x").status_code == 404
