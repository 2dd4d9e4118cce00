"""Searches and result parameters that no honest client sends, and SQL in every one of them."""

from __future__ import annotations

import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from felles.record.search import searchable
from tests.wire import Wire, fresh

SQL = [
    "'",
    "' OR '1'='1",
    "'; DROP TABLE resource; --",
    '" OR ""="',
    "1) UNION SELECT body FROM resource --",
    "\\'; DELETE FROM resource; --",
    "$1",
    "?1",
    "%",
    "_",
    "*/ OR 1=1 /*",
    "a'||(SELECT version())||'",
    "\x00",
    "0x27",
    "ˈ OR 1",
]
LEFT = "identifier", "name", "birthdate", "general-practitioner", "organization.name", "_has:Observation:patient:code"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("nonsense=1", 400),
        ("name:nonsense=1", 400),
        ("gender:exact=male", 400),
        ("name=", 400),
        ("=1", 400),
        ("&&&", 200),
        ("birthdate=rubbish", 400),
        ("birthdate=2026-13-45", 400),
        ("birthdate=xx2026", 400),
        ("birthdate=ge", 400),
        ("birthdate=9999-12-31", 200),
        ("birthdate=0000", 400),
        ("birthdate=" + "1" * 5_000, 400),
        ("name:missing=maybe", 400),
        ("_count=-1", 400),
        ("_count=rubbish", 400),
        ("_count=1e3", 400),
        ("_count=" + "9" * 5_000, 400),
        ("_count=%D9%A3", 400),
        ("_count=0", 200),
        ("_count=100000000", 200),
        ("_summary=rubbish", 400),
        ("_summary=true&_summary=rubbish", 400),
        ("_elements=rubbish,,%00,'", 200),
        ("_elements=", 200),
        ("_sort=rubbish", 400),
        ("_sort=-", 400),
        ("_sort=" + ",".join(["name"] * 50), 400),
        ("_total=rubbish", 400),
        ("_include=rubbish", 400),
        ("_include=Patient:rubbish", 400),
        ("_revinclude=*", 403),
        ("_has:Rubbish:patient:code=1", 400),
        ("_has:Observation:patient=1", 400),
        ("_has:Observation:patient:_has:Observation:patient:_has:Observation:patient:code=1", 200),
        ("general-practitioner.rubbish=1", 400),
        ("general-practitioner:Rubbish.name=1", 400),
        (".".join(["link:Patient"] * 20) + ".name=1", 403),
        ("link=" + "Patient/" * 500, 400),
        ("_id=" + "x" * 10_000, 400),
        ("_id='", 400),
        ("name=" + "a," * 5_000, 403),
        ("name=" + "a" * 10_000, 403),
        ("&".join(["name=a"] * 10_000), 400),
        ("&".join(["name=a"] * 100), 403),
        ("name=%ff", 400),
        ("%ff=1", 400),
        ("name=%00", 400),
        ("_lastUpdated=rubbish", 400),
        ("_page=rubbish", 400),
        ("_filter=name%20eq%20a", 400),
        ("_query=rubbish", 400),
        ("_content=a", 400),
        ("_contained=true", 400),
        ("_format=xml", 406),
        ("_format=rubbish", 406),
        ("_format=%ff", 400),
        ("_format=json&_pretty=rubbish", 200),
        ("_pretty=%ff", 400),
    ],
)
def test_odd_searches_are_answered_with_a_reason(service: Wire, query: str, status: int) -> None:
    for method, url, body in (
        ("GET", f"/Patient?{query}", None),
        ("POST", "/Patient/_search", query.encode()),
    ):
        if body and "_format" in query:
            continue
        kind = {"content_type": "application/x-www-form-urlencoded"} if body else {}
        answer = service(method, url, body, **kind)
        expected = 200 if body and query == "_pretty=%ff" else status
        assert answer.status == expected or (body and answer.status == 400), (method, answer.body[:300])
        if answer.status >= 400 and len(url) < 65_536:
            assert answer.diagnostics
            assert len(answer.body) < 8_000


@pytest.mark.parametrize("token", ["", "rubbish", "a.b", "0" * 32 + ".0", "0" * 32 + "." + "9" * 5_000, "a.-1", "%ff"])
def test_odd_page_links_are_refused(service: Wire, token: str) -> None:
    answer = service("GET", f"?_page={token}")
    assert answer.status in (400, 410)
    assert answer.diagnostics


def test_a_page_outside_its_search_is_refused(service: Wire) -> None:
    system = fresh()
    for _ in range(3):
        service.create(
            {"resourceType": "Basic", "code": {"text": "a"}, "identifier": [{"system": system, "value": "1"}]}
        )
    page = service("GET", f"/Basic?identifier={system}|&_count=1")
    following = page.link("next")
    assert following is not None
    for place in ("3", "999999999", "9" * 4_400, "01x"):
        answer = service("GET", f"{following.rpartition('.')[0]}.{place}")
        assert answer.status in (400, 410), answer.body


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_count=rubbish", 400),
        ("_count=-1", 400),
        ("_count=%2B1", 400),
        ("_count=1_0", 400),
        ("_count=" + "9" * 5_000, 400),
        ("_since=rubbish", 400),
        ("_since=9999-12-31T23:59:60Z", 200),
        ("_since=0001-01-01", 200),
        ("_at=0000", 400),
        ("_before=-1", 400),
        ("_before=" + "9" * 30, 400),
        ("rubbish=1", 400),
        ("_since=%00", 400),
    ],
)
def test_odd_histories_are_answered_with_a_reason(service: Wire, query: str, status: int) -> None:
    for url in ("/_history", "/Patient/_history"):
        answer = service("GET", f"{url}?{query}")
        assert answer.status == status, answer.body[:300]
        assert status == 200 or answer.diagnostics


@pytest.mark.parametrize("query", ["_count=-5", "_count=0", "_count=x", "start=x", "_type=Rubbish", "rubbish=1"])
def test_odd_everything_is_refused(service: Wire, query: str) -> None:
    patient = service.create({"resourceType": "Patient"})
    answer = service("GET", f"/Patient/{patient['id']}/$everything?{query}")
    assert answer.status == 400, answer.body[:300]
    assert answer.diagnostics


def test_sql_in_every_parameter_of_every_kind_finds_and_harms_nothing(service: Wire) -> None:
    kept = service.create({"resourceType": "Patient", "name": [{"family": "Bjørk"}]})
    kinds = {parameter.type: (name, parameter.code) for name in TYPES for parameter in searchable(name)}
    assert len(kinds) >= 8
    for kind, (type_name, code) in kinds.items():
        for value in SQL:
            answer = service("GET", f"/{type_name}?{code}={quote(value)}")
            assert answer.status in (200, 400), (kind, value, answer.body)
    for code in LEFT:
        for value in SQL:
            for name in (f"{code}={quote(value)}", f"{quote(code + value)}=1", f"_sort={quote(code + value)}"):
                answer = service("GET", f"/Patient?{name}")
                assert answer.status in (200, 400), (name, answer.body)
                assert answer.status == 400 or kept["id"] not in answer.body.decode() or "sort" in name
    assert service("GET", f"/Patient/{kept['id']}").status == 200


TYPES = ("Patient", "Observation", "RiskAssessment", "Location", "ValueSet", "Encounter", "MolecularSequence")
names = st.sampled_from([(name, parameter.code) for name in TYPES for parameter in searchable(name)])
MODIFIERS = (
    "|||:exact|:contains|:missing|:not|:text|:in|:above|:below|:of-type|:identifier|:Patient|.name|.birthdate"
    "|:Patient.identifier|.rubbish"
)
modifiers = st.sampled_from(MODIFIERS.split("|"))
prefixes = st.sampled_from(["", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "zz"])
values = st.one_of(
    st.sampled_from(SQL),
    st.text(max_size=30),
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(["2026", "2026-02-30", "1e400", "1e-400", "-0", "NaN", "Infinity", "1" * 400, "5.4|http://a|b"]),
    st.sampled_from(
        ["a|b", "|", "||", "a|", "|b", "a$b", "$", "a,b", ",", "\\,", "\\", "Patient/a", "http://a/Patient/b"]
    ),
)
controls = st.sampled_from(
    ["_sort", "_include", "_revinclude", "_elements", "_summary", "_total", "_count", "_type", "_list", "_id", "_tag"]
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chosen=st.lists(st.tuples(names, modifiers, prefixes, values), min_size=1, max_size=3),
    control=st.lists(st.tuples(controls, values), max_size=2),
)
def test_any_search_is_answered(service: Wire, chosen: list[tuple[tuple[str, str], str, str, str]], control) -> None:
    type_name = chosen[0][0][0]
    asked = [(code + modifier, prefix + value) for (name, code), modifier, prefix, value in chosen if name == type_name]
    query = urlencode([*asked, *control], errors="surrogatepass")
    before = time.monotonic()
    answer = service("GET", f"/{type_name}?{query}")
    assert answer.status in (200, 400, 403), (query, answer.body[:300])
    assert answer.status == 200 or answer.diagnostics
    assert time.monotonic() - before < 5, query
