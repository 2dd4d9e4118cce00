"""Measurements as people paste them, and NEWS2 by the chart of the Royal College of Physicians (2017)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.clinical.vitals import SIGNS, Mind, News, Taken, Unreadable, news, number, pasted, resources

WELL = {"breaths": 16, "saturation": 98, "systolic": 120, "diastolic": 80, "pulse": 72, "temperature": "37.0"}


def taken(mind: Mind | None = Mind.ALERT, scale2: bool = False, **other: float | str) -> Taken:
    numbers = {name: Decimal(str(value)) for name, value in {**WELL, **other}.items() if value != ""}
    return Taken(numbers, mind, scale2)


@pytest.mark.parametrize(
    "text",
    [
        "120/80 72 16 98 37,0",
        "BT 120/80 P72 RF16 SpO2 98% T37",
        "37,0 120/80 72 16 98",
        "bt 120/80; puls: 72 resp 16 sat=98 t 37.0",
    ],
)
def test_what_people_paste_is_understood(text: str) -> None:
    assert pasted(text).numbers == {name: Decimal(str(value)) for name, value in WELL.items()}


def test_consciousness_and_oxygen_are_understood() -> None:
    found = pasted("120/80 72 16 98 37,0 A 2l")
    assert found.mind is Mind.ALERT and found.numbers["oxygen"] == 2


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "–"), ("120/80 72 16 98 37,0 55", "55"), ("80/120", "80/120"), ("P720", "P720"), ("120/80 fin", "fin"),
        ("T 52", "T52"), ("72 16 980", "980"), ("<b>72</b>", "<b>72</b>"), ("P72 P73", "P73"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(text: str, part: str) -> None:
    with pytest.raises(Unreadable) as told:
        pasted(text)
    assert told.value.part == part


POINTS = [
    ("breaths", {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3}),
    ("saturation", {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0}),
    ("systolic", {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3}),
    ("pulse", {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3}),
    ("temperature", {"35.0": 3, "35.1": 1, "36.0": 1, "36.1": 0, "38.0": 0, "38.1": 1, "39.0": 1, "39.1": 2}),
]


@pytest.mark.parametrize(
    ("name", "value", "points"), [(name, *pair) for name, table in POINTS for pair in table.items()]
)
def test_each_part_gives_the_points_of_the_chart(name: str, value: float | str, points: int) -> None:
    found = news(taken(**{name: value}))
    assert found is not None and found.points[name] == points == found.total


@pytest.mark.parametrize(
    ("value", "oxygen", "points"),
    [(83, 0, 3), (85, 0, 2), (87, 0, 1), (88, 0, 0), (92, 2, 0), (93, 2, 1), (95, 2, 2), (97, 2, 3), (99, 0, 0)],
)
def test_the_second_scale_of_saturation(value: int, oxygen: int, points: int) -> None:
    found = news(taken(scale2=True, saturation=value, oxygen=oxygen))
    assert found is not None and found.points["saturation"] == points and found.points["oxygen"] == (2 if oxygen else 0)


def test_risk_and_what_is_missing() -> None:
    calm = news(taken())
    assert calm is not None and (calm.total, calm.risk) == (0, "low")
    confused = news(taken(Mind.CONFUSED))
    assert confused is not None and (confused.total, confused.risk) == (3, "low-medium")
    assert News(5, {}).risk == "medium" and News(7, {}).risk == "high"
    assert news(taken(pulse="")) is None and news(taken(None)) is None


@given(st.sampled_from(sorted(SIGNS)), st.text(max_size=8))
def test_a_field_is_a_number_that_a_person_can_have_or_refused(name: str, text: str) -> None:
    try:
        found = number(name, text)
    except Unreadable:
        return
    assert SIGNS[name].least <= found <= SIGNS[name].most


def test_a_set_becomes_one_observation_each_and_the_score() -> None:
    made = resources(taken(), {"subject": {"reference": "Patient/x"}})
    assert [one["code"]["text"] for one in made if "component" in one] == ["Blodtrykk"]
    assert made[-1]["code"]["text"] == "NEWS2" and made[-1]["valueQuantity"]["value"] == 0
    assert {one["subject"]["reference"] for one in made} == {"Patient/x"} and len(made) == 7
