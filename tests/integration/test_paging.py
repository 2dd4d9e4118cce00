"""Pages of a search show the moment of the first page, and belong to who searched (FHIR R4 http.html#paging)."""

from pathlib import Path

import pytest

from felles.record.page import FilePages, Plan
from tests.integration.conftest import Answer, Client

pytestmark = pytest.mark.anyio


def link(answer: Answer, relation: str) -> str | None:
    found = [one["url"] for one in answer.json["link"] if one["relation"] == relation]
    return found[0] if found else None


async def follow(fhir: Client, answer: Answer) -> list[Answer]:
    pages = [answer]
    while url := link(pages[-1], "next"):
        pages.append(await fhir("GET", url.removeprefix(fhir.record.base)))
        assert pages[-1].status == 200, pages[-1].text
    return pages


async def fill(fhir: Client, count: int) -> list[str]:
    people = [{"resourceType": "Patient", "id": f"p{n:02}", "name": [{"family": f"Moen{n:02}"}]} for n in range(count)]
    for person in people:
        assert (await fhir("PUT", f"Patient/{person['id']}", person)).status == 201
    return [str(person["id"]) for person in people]


async def test_pages_hold_every_match_once_while_others_write(fhir: Client) -> None:
    ids = await fill(fhir, 23)
    first = await fhir("GET", "Patient?_sort=family&_count=5")
    assert (first.json["total"], first.ids) == (23, ids[:5])
    await fhir("PUT", "Patient/p07", {"resourceType": "Patient", "id": "p07", "name": [{"family": "Aas"}]})
    await fhir("DELETE", "Patient/p11")
    for name in ("q1", "q2", "q3"):
        await fhir("PUT", f"Patient/{name}", {"resourceType": "Patient", "id": name, "name": [{"family": "Aa"}]})
    pages = await follow(fhir, first)
    assert [id for page in pages for id in page.ids] == ids
    third = pages[1].entries[2]["resource"]
    assert (third["id"], third["name"][0]["family"], third["meta"]["versionId"]) == ("p07", "Moen07", "1")
    assert link(pages[-1], "previous")
    assert (await fhir("GET", "Patient?_sort=family&_count=5")).json["total"] == 25


async def test_a_link_is_opaque_and_ends(fhir: Client) -> None:
    await fill(fhir, 3)
    first = await fhir("GET", "Patient?_count=2&family=Moen00,Moen01,Moen02")
    assert "Moen" not in (link(first, "next") or "")
    assert (await fhir("GET", "?_page=" + "0" * 32 + ".2")).status == 410
    assert (await fhir("GET", "?_page=nonsense")).status == 400


async def test_counting_alone(fhir: Client) -> None:
    await fill(fhir, 3)
    for query in ("_summary=count", "_count=0"):
        answer = await fhir("GET", f"Patient?{query}")
        assert (answer.json["total"], answer.entries) == (3, [])


async def test_the_total_is_told_as_it_was_asked_for(fhir: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(fhir, 5)
    told: dict[str, list[int | None]] = {}
    for capped in (False, True):
        if capped:
            monkeypatch.setattr("felles.record.finding.MAX_KEYS", 3)
        for total in ("none", "estimate", "accurate"):
            pages = await follow(fhir, await fhir("GET", f"Patient?_count=2&_total={total}"))
            told[f"{total} {capped}"] = [page.json.get("total") for page in pages]
    assert told == {
        "none False": [None] * 3,
        "estimate False": [5] * 3,
        "accurate False": [5] * 3,
        "none True": [None] * 2,
        "estimate True": [5] * 2,
        "accurate True": [5] * 2,
    }
    for total in ("none", "accurate"):
        counted = await fhir("GET", f"Patient?_summary=count&_total={total}")
        assert (counted.json["total"], counted.entries) == (5, [])


async def test_includes_come_with_their_page(fhir: Client) -> None:
    ids = await fill(fhir, 2)
    for id in ids:
        await fhir.create({"resourceType": "Condition", "subject": {"reference": f"Patient/{id}"}})
    answer = await fhir("GET", "Condition?_include=Condition:subject")
    assert sorted(e["resource"]["id"] for e in answer.entries if e["search"]["mode"] == "include") == ids
    back = await fhir("GET", f"Patient?_id={ids[0]}&_revinclude=Condition:subject")
    assert [e["resource"]["resourceType"] for e in back.entries] == ["Patient", "Condition"]


async def test_what_is_ignored_is_told(fhir: Client) -> None:
    strict = await fhir("GET", "Patient?nonsense=1")
    assert strict.status == 400
    assert "birthdate" in strict.diagnostics
    lenient = await fhir("GET", "Patient?nonsense=1", prefer="handling=lenient")
    assert lenient.status == 200
    assert "nonsense" in lenient.entries[-1]["resource"]["issue"][0]["diagnostics"]


async def test_everything_of_a_patient(fhir: Client) -> None:
    await fill(fhir, 2)
    who = await fhir.create({"resourceType": "Practitioner", "name": [{"family": "Lie"}]})
    for n in range(4):
        await fhir.create(
            {
                "resourceType": "Condition",
                "subject": {"reference": f"Patient/p0{n % 2}"},
                "asserter": {"reference": f"Practitioner/{who['id']}"},
            }
        )
    answer = await fhir("GET", "Patient/p00/$everything")
    kinds = sorted(e["resource"]["resourceType"] for e in answer.entries)
    assert kinds == ["Condition", "Condition", "Patient", "Practitioner"]
    assert len((await fhir("GET", "Patient/p00/$everything?_type=Condition")).entries) == 2
    paged = await follow(fhir, await fhir("GET", "Patient/p00/$everything?_count=2"))
    assert sum(len(page.entries) for page in paged) >= 3
    assert (await fhir("GET", "Patient/none/$everything")).status == 404
    assert (await fhir("GET", "Patient/p00/$everything?x=1")).status == 400


async def test_everything_of_a_time_holds_what_reaches_into_it(fhir: Client) -> None:
    await fhir("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    stay = {
        "resourceType": "Encounter",
        "id": "stay",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2024-01-10T10:00:00Z", "end": "2024-03-05T12:00:00Z"},
    }
    assert (await fhir("PUT", "Encounter/stay", stay)).status == 201
    inside = await fhir("GET", "Patient/p/$everything?start=2024-02-01&end=2024-02-29")
    assert sorted(inside.ids) == ["p", "stay"]
    for beside in ("start=2024-03-06", "end=2024-01-09"):
        assert (await fhir("GET", f"Patient/p/$everything?{beside}")).ids == ["p"]


async def test_everything_holds_what_several_patients_share_and_what_has_no_date(fhir: Client) -> None:
    await fill(fhir, 2)
    who = await fhir.create({"resourceType": "Practitioner", "name": [{"family": "Lie"}]})
    both = [{"actor": {"reference": f"Patient/p0{n}"}, "status": "accepted"} for n in (0, 1)]
    both.append({"actor": {"reference": f"Practitioner/{who['id']}"}, "status": "accepted"})
    await fhir.create(
        {
            "resourceType": "Appointment",
            "status": "booked",
            "start": "2026-01-01T10:00:00Z",
            "end": "2026-01-01T11:00:00Z",
            "participant": both,
        }
    )
    await fhir.create({"resourceType": "RelatedPerson", "patient": {"reference": "Patient/p00"}})
    every = {"Appointment", "Patient", "Practitioner", "RelatedPerson"}
    for asked, kinds in (
        ("", every),
        ("?_count=1", every),
        ("?start=2026-01-01&end=2026-01-01", every),
        ("?start=2026-01-02", {"Patient", "RelatedPerson"}),
        ("?_type=Appointment", {"Appointment"}),
    ):
        pages = await follow(fhir, await fhir("GET", f"Patient/p00/$everything{asked}"))
        found = [e["resource"]["resourceType"] for page in pages for e in page.entries]
        assert sorted(found) == sorted(kinds), asked


async def test_everything_of_all_patients_comes_once_and_in_pages(fhir: Client) -> None:
    ids = await fill(fhir, 3)
    who = await fhir.create({"resourceType": "Practitioner", "name": [{"family": "Lie"}]})
    for id in ids[:2]:
        asserted = {"subject": {"reference": f"Patient/{id}"}, "asserter": {"reference": f"Practitioner/{who['id']}"}}
        await fhir.create({"resourceType": "Condition", **asserted})
    await fhir.create({"resourceType": "Organization", "name": "Nobody names it"})
    whole = await fhir("GET", "Patient/$everything")
    kinds = sorted(e["resource"]["resourceType"] for e in whole.entries)
    assert (whole.json["total"], kinds) == (
        6,
        ["Condition", "Condition", "Patient", "Patient", "Patient", "Practitioner"],
    )
    paged = await follow(fhir, await fhir("GET", "Patient/$everything?_count=4"))
    assert [len(page.entries) for page in paged] == [4, 2]
    assert sorted(id for page in paged for id in page.ids) == sorted(whole.ids)
    assert len((await fhir("GET", "Patient/$everything?_type=Condition,Practitioner")).entries) == 3
    assert (await fhir("GET", "Patient/$everything?_since=2099-01-01")).entries == []
    assert (await fhir("GET", "Patient/$everything?_type=Nothing")).status == 400


async def test_pages_of_everything_hold_more_than_a_search_keeps(fhir: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("felles.record.page.MAX_KEYS", 3)
    await fill(fhir, 1)
    for _ in range(6):
        await fhir.create({"resourceType": "Condition", "subject": {"reference": "Patient/p00"}})
    paged = await follow(fhir, await fhir("GET", "Patient/p00/$everything?_count=2"))
    assert sum(len(page.entries) for page in paged) == 7


async def test_compartments(fhir: Client) -> None:
    await fill(fhir, 2)
    made = await fhir.create({"resourceType": "Condition", "subject": {"reference": "Patient/p00"}})
    assert (await fhir("GET", "Patient/p00/Condition")).ids == [made["id"]]
    assert (await fhir("GET", "Patient/p01/Condition")).ids == []
    assert sorted((await fhir("GET", "Patient/p00/*")).ids) == sorted([made["id"], "p00"])
    assert (await fhir("GET", "Patient/p00/Patient")).ids == ["p00"]
    await fhir.create(
        {"resourceType": "Patient", "id": "old", "link": [{"other": {"reference": "Patient/p00"}, "type": "replaces"}]}
    )
    assert len((await fhir("GET", "Patient/p00/Patient")).ids) == 2
    assert (await fhir("GET", "Patient/p00/Patient?_id=p01")).ids == []
    assert (await fhir("GET", "Patient/p00/Organization")).status == 400
    assert (await fhir("GET", "Organization/x/Condition")).status == 404


async def test_what_is_kept_for_page_links_is_for_the_owner_of_the_store_alone(tmp_path: Path) -> None:
    (tmp_path / "felles.db-pages").touch(0o644)
    pages = FilePages(tmp_path / "felles.db-pages")
    await pages.keep(Plan("", "Patient", [("name", "Moen")], b"", b"", False, 1))
    assert {file.stat().st_mode & 0o77 for file in tmp_path.iterdir()} == {0}
    assert len(list(tmp_path.iterdir())) == 3
    await pages.close()
