"""Expressions that are meant to hang, to crash or to fill the memory end soon, with an error that says why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from felles.record import fhirpath
from felles.record.fhirpath import FhirPathError
from felles.record.fhirpath.functions import FUNCTIONS

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"given": ["Kari", "Anne"]}], "active": True}
LETTERS = "'" + "a" * 15_000 + "'"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(" * 500 + "1" + ")" * 500, "nests deeper"),
        ("-" * 500 + "1", "nests deeper"),
        ("iif(true, " * 100 + "1" + ")" * 100, "nests deeper"),
        ("1" + " + 1" * 3000, "operations"),
        ("id" + ".id" * 3000, "operations"),
        ("'" + "a" * 30_000 + "'", "longer than"),
        ("1.repeat($this + 1)", "steps|seconds"),
        ("repeatAll($this)", "steps|seconds"),
        ("(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9).aggregate(iif($index = 0, '%s', $total & $total))", "characters"),
        ("'a'.replace('', '%s').replace('', 'aaaaaa%s')".replace("%s", "a" * 9000), "characters"),
        ("'a'.matches('(?=a)a')", "cannot be used"),
        ("'a'.matches('(a{1,100}){1,100}')", "cannot be used"),
        ("'a'.matches('%s')" % ("a" * 2000), "longer than"),
    ],
)
def test_a_hostile_expression_is_refused(expression: str, reason: str) -> None:
    expression = expression.replace("%s", "a" * 10_000)
    with pytest.raises(FhirPathError, match=reason):
        fhirpath.compile(expression)(PATIENT)


@pytest.mark.parametrize(
    "expression",
    [
        f"{LETTERS}.matches('^(a+)+$|(a|aa)+b')",
        "2.power(2147483647)",
        "10.power(10.power(9))",
        "99999999999.exp()",
        "@9999-12-31 + 99999999 years",
        "1.0000001.power(999999999999999)",
        "1000000.round(1000000)",
        "repeat($this).count()",
    ],
)
def test_a_heavy_expression_ends_soon(expression: str) -> None:
    begun = time.monotonic()
    fhirpath.compile(expression)(PATIENT)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("expression", ["id" + ".id" * 900, "1" + " + 1" * 900, "active" + " and active" * 900])
def test_long_chains_do_not_exhaust_the_stack(expression: str) -> None:
    fhirpath.compile(expression)(PATIENT)


PIECES = [
    "name", "given", "id", "Patient", "$this", "$index", "%resource", "1", "0.5", "'a'", "@2020", "@T12", "{}", "true",
    "1 'mg'", "2 days", "(", ")", "[0]", ".", ",", "+", "-", "*", "/", "&", "|", "=", "!=", "~", "<", ">=", "and", "or",
    "implies", "is", "as", "in", "contains", "div", "mod", "Quantity", "string",
    *(f".{name}(" for name in FUNCTIONS), *(f".{name}()" for name in FUNCTIONS),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12))
def test_whatever_is_written_only_fhirpath_errors_are_raised(pieces: list[str]) -> None:
    try:
        fhirpath.Expression(" ".join(pieces))(PATIENT)
    except FhirPathError as error:
        assert error.expression is not None
