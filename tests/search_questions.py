"""Searches that make sense in the made-up world, at random."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.search_world import CODES, DATES, NAMES, URIS

PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
Parameter = tuple[str, str]

codes = st.sampled_from(CODES)
tokens = st.one_of(
    codes,
    codes.map(lambda code: f"urn:one|{code}"),
    codes.map(lambda code: f"|{code}"),
    st.just("urn:two|"),
    st.lists(codes, min_size=2, max_size=3).map(",".join),
    st.sampled_from(("urn:one|A,b", "A", "none")),
)
dates = st.builds("{}{}".format, st.sampled_from(PREFIXES), st.sampled_from((*DATES, "2020-03", "2020-03-01T10:00Z")))
numbers = st.builds(
    "{}{}{}".format,
    st.sampled_from(PREFIXES),
    st.sampled_from(("0", "1", "1.5", "5.4", "5.44", "100", "1e2", "-3")),
    st.sampled_from(("", "||mg", "||kg")),
)
strings = st.sampled_from(("o", "ol", "Ola", "ÅSE", "as", "ø", "ård", "o'", "50%", "%", "_", "nord", "zzz"))
boolean = st.sampled_from(("true", "false"))


def ids(kind: str) -> st.SearchStrategy[str]:
    one = st.integers(0, 5).map(lambda n: f"{kind}{n}")
    return st.one_of(one, st.lists(one, min_size=2, max_size=3).map(",".join))


def named(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Parameter]:
    return values.map(lambda value: (name, value))


def missing(*names: str) -> st.SearchStrategy[Parameter]:
    return st.tuples(st.sampled_from(names).map(lambda name: f"{name}:missing"), boolean)


PATIENT = st.one_of(
    named("name", strings),
    named("family:exact", st.sampled_from(NAMES)),
    named("given:contains", strings),
    named("gender", st.sampled_from(("male", "female", "male,female"))),
    named("gender:not", st.sampled_from(("male", "female"))),
    named("birthdate", dates),
    named("active", boolean),
    named("identifier", st.sampled_from(("1", "urn:one|1", "urn:two|", "urn:one|0,2"))),
    named("general-practitioner", ids("Practitioner/practitioner")),
    named("_id", ids("patient")),
    named("_list", st.sampled_from(("list0", "list1", "list0,list1"))),
    named("_lastUpdated", st.sampled_from(("gt2020-09-14", "le2020-09-14T12:00:00Z", "2020-09-15"))),
    missing("birthdate", "gender", "name", "identifier"),
)
ENCOUNTER = st.one_of(
    named("class", tokens),
    named("class:not", codes),
    named("status", st.just("finished")),
    named("date", dates),
    named("patient", ids("patient")),
    named("subject", st.sampled_from(("Patient/patient1", "Group/group1", "patient1,Group/group2"))),
    named("part-of", ids("encounter")),
    missing("date", "subject"),
)
CONDITION = st.one_of(
    named("code", tokens),
    named("clinical-status", st.just("active")),
    named("patient", ids("patient")),
    named("onset-date", dates),
    named("onset-age", numbers.map(lambda text: text.replace("||mg", "||a").replace("||kg", ""))),
    named("recorded-date", dates),
    missing("onset-date", "onset-age", "code", "recorded-date"),
)
OBSERVATION = st.one_of(
    named("code", tokens),
    named("code:not", tokens.filter(lambda text: "|" not in text[-1])),
    named("code:text", strings),
    named("category", tokens),
    named("combo-code", tokens),
    named("status", st.sampled_from(("final", "http://hl7.org/fhir/observation-status|final"))),
    named("date", dates),
    named("patient", ids("patient")),
    named("subject", st.sampled_from(("Patient/patient1", "Group/group1", "patient1"))),
    named("performer:Patient", ids("patient")),
    named("encounter", ids("encounter")),
    named("value-quantity", numbers),
    named("combo-value-quantity", numbers),
    named("value-concept", tokens),
    named("value-string", strings),
    named("_profile", st.sampled_from(URIS)),
    named("_profile:below", st.sampled_from(("http://x.test", "http://x.test/a"))),
    named("_profile:above", st.just("http://x.test/a/b/c")),
    st.tuples(st.just("code-value-quantity"), st.builds("{}${}".format, codes, numbers)),
    st.tuples(st.just("combo-code-value-quantity"), st.builds("{}${}".format, codes, numbers)),
    st.tuples(st.just("component-code-value-quantity"), st.builds("urn:one|{}${}".format, codes, numbers)),
    missing("date", "value-quantity", "performer", "category", "_profile", "encounter"),
)
LOCATION = st.one_of(
    named("name", strings),
    named("near", st.sampled_from(("63.4|10.4|20|km", "63.4|10.4", "63|10|5000|m", "63.5|10.5|0|km"))),
    missing("near"),
)
LINKS = {
    "Observation": [("patient", "Patient"), ("subject:Patient", "Patient"), ("encounter", "Encounter")],
    "Encounter": [("subject:Patient", "Patient"), ("part-of", "Encounter")],
    "Condition": [("patient", "Patient")],
}
REFERRERS = {
    "Patient": [
        ("Observation", "patient"),
        ("Condition", "subject"),
        ("Observation", "performer"),
        ("Encounter", "patient"),
    ],
    "Encounter": [("Observation", "encounter"), ("Encounter", "part-of")],
}
PLAIN = {
    "Patient": PATIENT,
    "Encounter": ENCOUNTER,
    "Condition": CONDITION,
    "Observation": OBSERVATION,
    "Location": LOCATION,
}


@st.composite
def parameter(draw: st.DrawFn, kind: str, depth: int = 0) -> Parameter:
    """One parameter of a type, perhaps through references."""
    way = draw(st.integers(0, 5)) if depth < 2 else 0
    if way == 4 and kind in LINKS:
        link, target = draw(st.sampled_from(LINKS[kind]))
        name, value = draw(parameter(target, depth + 1))
        return f"{link}.{name}", value
    if way == 5 and kind in REFERRERS:
        source, link = draw(st.sampled_from(REFERRERS[kind]))
        name, value = draw(parameter(source, depth + 1))
        return f"_has:{source}:{link}:{name}", value
    return draw(PLAIN[kind])


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, list[Parameter]]:
    """(type, parameters)."""
    kind = draw(st.sampled_from(sorted(PLAIN)))
    return kind, draw(st.lists(parameter(kind), min_size=0, max_size=4))
