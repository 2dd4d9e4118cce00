"""What is typed in the search field, and what it asks the record."""

from datetime import date

import pytest

from felles.web.chart.hit import hits, intent

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("kari", [("name", "kari")]),
        ("Nordmann, Kari", [("name", "Nordmann"), ("name", "Kari")]),
        ("14.03.1962", [("birthdate", "1962-03-14")]),
        ("14.3.62", [("birthdate", "1962-03-14")]),
        ("14.03.21", [("birthdate", "1921-03-14,2021-03-14")]),
        ("14031962", [("birthdate", "1962-03-14")]),
        ("140362", [("birthdate", "1962-03-14")]),
        ("1962-03-14", [("birthdate", "1962-03-14")]),
        ("nordmann 1962", [("name", "nordmann"), ("birthdate", "1962")]),
        ("148362 12345", [("identifier", "14836212345")]),
        ("14836212345", [("identifier", "14836212345")]),
        ("148362", [("birthdate", "1962-03-14")]),
        ("540362", [("birthdate", "1962-03-14")]),
        ("k", []),
        ("   ", []),
        ("o$a|b", [("name", "o\\$a\\|b")]),
    ],
)
def test_intent(text: str, asked: list[tuple[str, str]]) -> None:
    assert intent(text, TODAY) == asked


def test_hits_are_sorted_and_leave_out_records_out_of_use() -> None:
    people = [
        {"id": "b", "name": [{"family": "Åsen", "given": ["Bo"]}], "birthDate": "1950-01-01"},
        {"id": "c", "name": [{"family": "Berg", "given": ["Ada"]}], "active": False},
        {"id": "a", "name": [{"family": "Berg", "given": ["Ada"]}], "birthDate": "2000-05-01", "gender": "female"},
    ]
    found = hits(people, TODAY)
    assert [(row.id, row.name) for row in found] == [("a", "Berg, Ada"), ("b", "Åsen, Bo")]
    assert found[0].age is not None and found[0].age.count == 26
    assert found[0].sex == "Kvinne"
