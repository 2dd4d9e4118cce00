"""Search parameters read: what they mean, and how they are refused."""

from __future__ import annotations

import pytest

from felles.record.index.term import parameters
from felles.record.index.value import date_range, key64
from felles.record.outcome import Problem
from felles.record.search import Query, compile, parse
from felles.record.search.condition import (
    Chained,
    Dates,
    Either,
    Interval,
    Keys,
    Not,
    References,
    Reverse,
    Texts,
    TextValue,
    Tokens,
)
from felles.record.search.escape import split, unescape
from felles.record.search.refusal import MAX_PARAMETERS


def one(name: str, *pair: str) -> object:
    """The condition of one parameter."""
    key, value = pair
    (condition,) = parse(name, [(key, value)]).selection.conditions
    return condition


def refused(name: str | None, *pairs: tuple[str, str]) -> Problem:
    with pytest.raises(Problem) as caught:
        parse(name, list(pairs))
    return caught.value


def said(problem: Problem) -> str:
    return " ".join(issue.diagnostics for issue in problem.issues)


@pytest.mark.parametrize(
    ("text", "mark", "parts"),
    [
        (r"a\,b,c", ",", ["a,b", "c"]),
        (r"a\|b|c", "|", ["a|b", "c"]),
        (r"a\$b$c", "$", ["a$b", "c"]),
        (r"a\\,b", ",", ["a\\", "b"]),
        ("a\\", ",", ["a\\"]),
        ("", ",", [""]),
    ],
)
def test_escapes(text: str, mark: str, parts: list[str]) -> None:
    assert [unescape(part) for part in split(text, mark)] == parts


@pytest.mark.parametrize(
    ("text", "code", "system"),
    [
        ("a", "a", None),
        ("A", "a", None),
        ("urn:s|a", "a", "urn:s"),
        ("|a", "a", ""),
        ("urn:s|", None, "urn:s"),
        (r"urn:s|a\,b", "a,b", "urn:s"),
    ],
)
def test_tokens(text: str, code: str | None, system: str | None) -> None:
    wanted = (None if code is None else key64(code), None if system is None else key64(system) if system else 0)
    found = one("Observation", "code", text)
    assert isinstance(found, Tokens)
    assert found.values == (wanted,)


def test_the_system_of_a_code_element_is_implied() -> None:
    assert one("Patient", "gender", "http://hl7.org/fhir/administrative-gender|male") == one(
        "Patient", "gender", "male"
    )


def test_string_modifiers() -> None:
    numbers = parameters("Patient")["family"].numbers
    assert one("Patient", "family", "ÅS") == Texts(numbers, (TextValue("start", "ås"),))
    assert one("Patient", "family:contains", "ÅS") == Texts(numbers, (TextValue("part", "ås"),))
    assert one("Patient", "family:exact", "ÅS") == Texts(numbers, (TextValue("whole", "ås", key64("ÅS")),))


def test_dates_have_prefix_and_precision() -> None:
    found = one("Patient", "birthdate", "ge1970-02")
    assert isinstance(found, Dates)
    assert found.groups == ((Interval("ge", *date_range("1970-02")),),)
    assert found.carried


def test_a_plus_lost_in_decoding_is_a_plus() -> None:
    assert one("Observation", "date", "2020-01-01T10:00:00 01:00") == one(
        "Observation", "date", "2020-01-01T10:00:00+01:00"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", "Patient/a"),
        ("subject:Patient", "a"),
        ("patient", "a"),
        ("patient", "Patient/a"),
        ("subject", "Patient/a/_history/2"),
    ],
)
def test_references_to_one_patient(name: str, value: str) -> None:
    (number,) = parameters("Observation")["subject"].numbers
    assert one("Observation", name, value) == References((number,), (key64("Patient/a"),), subject=True)


def test_a_bare_id_is_any_of_the_permitted_types() -> None:
    found = one("Observation", "subject", "a")
    assert isinstance(found, References)
    assert set(found.targets) == {key64(f"{kind}/a") for kind in ("Patient", "Group", "Device", "Location")}


def test_own_addresses_are_local() -> None:
    (condition,) = parse(
        "Observation", [("subject", "http://here/fhir/Patient/a")], base="http://here/fhir"
    ).selection.conditions
    assert condition == one("Observation", "subject", "Patient/a")


def test_chains_of_any_depth() -> None:
    found = one("Observation", "encounter.service-provider.partof.name", "a")
    depth = 0
    while isinstance(found, Chained):
        (found,), depth = found.inner.conditions, depth + 1
    assert depth == 3
    assert isinstance(found, Texts)


def test_a_chain_without_type_takes_every_type_that_has_the_parameter() -> None:
    found = one("Observation", "subject.name", "a")
    assert isinstance(found, Either)
    types = {part.inner.types for part in found.conditions if isinstance(part, Chained)}
    assert types == {("Patient",), ("Location",)} or ("Patient",) in types


def test_nested_has() -> None:
    found = one("Patient", "_has:Observation:patient:_has:AuditEvent:entity:action", "R")
    assert isinstance(found, Reverse)
    assert isinstance(found.inner.conditions[0], Reverse)


def test_ids_and_missing() -> None:
    assert one("Patient", "_id", "a,b") == Keys((key64("Patient/a"), key64("Patient/b")))
    assert isinstance(one("Patient", "gender:missing", "true"), Not)


def test_in_a_value_set() -> None:
    query = parse("Observation", [("code:in", "http://vs")], expand=lambda url: [("urn:s", "a")])
    (found,) = query.selection.conditions
    assert isinstance(found, Tokens)
    assert found.values == ((key64("a"), key64("urn:s")),)


def test_in_a_value_set_of_the_standard() -> None:
    found = one("Patient", "gender:in", "http://hl7.org/fhir/ValueSet/administrative-gender")
    assert isinstance(found, Tokens)
    assert (key64("male"), None) in found.values


def test_result_parameters() -> None:
    query = parse(
        "Observation",
        [
            ("_sort", "-date,code"),
            ("_count", "7"),
            ("_total", "accurate"),
            ("_summary", "text"),
            ("_elements", "id,Observation.status"),
            ("_include", "Observation:patient"),
            ("_include:iterate", "Patient:organization"),
            ("_revinclude", "Provenance:target"),
            ("_format", "json"),
        ],
    )
    assert [(key.kind, key.descending) for key in query.sort] == [("carried", True), ("member", False)]
    assert (query.count, query.total, query.summary, query.elements) == (7, "accurate", "text", ("id", "status"))
    assert [(one.source, one.iterate) for one in query.includes] == [("Observation", False), ("Patient", True)]
    assert [one.source for one in query.revincludes] == ["Provenance"]


@pytest.mark.parametrize(
    ("name", "pair", "words"),
    [
        ("Patient", ("shoesize", "9"), "family"),
        ("Patient", ("birthdate", "soon"), "YYYY"),
        ("Patient", ("birthdate", "ge"), "YYYY"),
        ("Patient", ("gender:exact", "x"), ":not"),
        ("Patient", ("name:missing", "perhaps"), "true or false"),
        ("Patient", ("_count", "-1"), "number"),
        ("Patient", ("_sort", "shoesize"), "birthdate"),
        ("Patient", ("_include", "Patient:name"), "general-practitioner"),
        ("Patient", ("_summary", "much"), "text"),
        ("Patient", ("_id", "a b"), "letters"),
        ("Patient", ("_content", "x"), "not offered"),
        ("Patient", ("_text", "x"), "not offered"),
        ("Patient", ("_filter", "x"), "not offered"),
        ("Patient", ("identifier:of-type", "a|b"), "system|code|identifier"),
        ("Patient", ("general-practitioner", "x y z"), "absolute address"),
        ("Patient", ("name", ""), "no value"),
        ("Patient", ("_has:Observation:code:status", "x"), "reference"),
        ("Patient", ("_has:Observation", "x"), "_has:Type"),
        ("Observation", ("value-quantity", "much"), "5.4"),
        ("Observation", ("value-quantity", "5|mg"), "number|system|code"),
        ("Observation", ("code-value-quantity", "a"), "joined by $"),
        ("Observation", ("code:below", "a"), "hierarchies"),
        ("Observation", ("code:in", "http://unknown"), "not known"),
        ("Observation", ("focus.status", "x"), "name one"),
        ("Location", ("near", "north"), "latitude"),
        (None, ("_type", "Patients"), "resource types"),
        (None, ("name", "x"), "_lastUpdated"),
    ],
)
def test_refusals_say_what_would_do(name: str | None, pair: tuple[str, str], words: str) -> None:
    problem = refused(name, pair)
    assert problem.status == 400
    assert words in said(problem)
    assert problem.issues[0].expression


@pytest.mark.parametrize("name", ["birthdate", "_id", "_lastUpdated", "general-practitioner", "_count", "_sort"])
def test_values_are_never_repeated(name: str) -> None:
    assert "Nordmann" not in said(refused("Patient", (name, "Nordmann Ola")))


def test_lenient_reading_leaves_out_and_tells() -> None:
    query = parse("Patient", [("shoesize", "9"), ("birthdate", "soon"), ("gender", "male")], lenient=True)
    assert len(query.ignored) == 2
    assert len(query.selection.conditions) == 1
    assert query.applied == (("gender", "male"),)


def test_costs_are_limited() -> None:
    assert refused("Patient", *[("name", "a")] * (MAX_PARAMETERS + 1)).status == 403
    assert refused("Patient", ("name", ",".join("a" * 2_000))).status == 403
    assert refused("Encounter", ("part-of." * 6 + "status", "x")).status == 403
    assert refused("Patient", *[("_include", "Patient:link")] * 40).status == 403


def test_compartments_hold_only_their_types() -> None:
    query = parse("Observation", [], compartment=("Patient", "a"))
    assert query.types == ("Observation",)
    assert "Organization" not in parse(None, [], compartment=("Patient", "a")).types
    with pytest.raises(Problem):
        parse("Organization", [], compartment=("Patient", "a"))


HOSTILE = ["'; DROP TABLE resource; --", "1 OR 1=1", '"', "\\", "%", "$1", "{x}", "a" * 8_000, "\u0000", "😀"]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "name", ["name", "identifier", "birthdate", "general-practitioner", "_id", "_sort", "_profile"]
)
def test_values_never_stand_in_the_sql(name: str, value: str) -> None:
    try:
        query = parse("Patient", [(name, value)])
    except Problem:
        return
    plain = compile(parse("Patient", [(name, "x")]), "sqlite").sql if name != "_sort" else ""
    assert compile(query, "sqlite").sql == plain


def test_every_parameter_of_every_type_compiles() -> None:
    values = {
        "token": "a",
        "string": "a",
        "uri": "urn:a",
        "date": "2020",
        "number": "1",
        "quantity": "1",
        "reference": "a",
        "special": "1|1",
    }
    from felles.record import definition

    for name in definition.RESOURCE_TYPES:
        for code, parameter in parameters(name).items():
            parts = [len(p) if isinstance(p, tuple) else len(p.composite.parts) for p in parameter.alternatives if p]  # type: ignore[union-attr]
            value = values.get(parameter.type) or "$".join(["1"] * parts[0])
            if parameter.type == "composite" and "date" in code:
                value = "a$2020"
            query: Query = parse(name, [(code, value)])
            assert compile(query, "sqlite").sql.count("SELECT")
            assert compile(query, "postgresql").args


@pytest.mark.parametrize(
    ("name", "value", "says", "offers"),
    [
        ("_sort", "-nothing", "takes search parameters", "birthdate"),
        ("_include", "Patient:nothing", "takes reference parameters of Patient", "general-practitioner"),
    ],
)
def test_a_control_parameter_that_names_nothing_says_what_it_takes(
    name: str, value: str, says: str, offers: str
) -> None:
    with pytest.raises(Problem) as refused:
        parse("Patient", [(name, value)])
    (issue,) = refused.value.issues
    assert issue.code == "not-supported"
    assert f"search parameter {name}: {says}" in issue.diagnostics
    assert offers in issue.diagnostics
    assert "nothing" not in issue.diagnostics
