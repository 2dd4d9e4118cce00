"""Dates as people read them here."""

from datetime import date

import pytest

from felles.web.chart.moment import Age, age, age_in_years, parse_moment, span_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026", "2026"),
        ("2026-03", "03.2026"),
        ("2026-03-14", "14.03.2026"),
        ("2026-03-14T08:05:00+01:00", "14.03.2026 08:05"),
        ("2026-07-14T22:30:00Z", "15.07.2026 00:30"),
        ("2026-01-14T22:30:00.123Z", "14.01.2026 23:30"),
    ],
)
def test_fhir_dates_in_norwegian_time(value: str, text: str) -> None:
    moment = parse_moment(value)
    assert moment is not None and moment.text == text


@pytest.mark.parametrize("value", [None, "", "i går", "2026-13-45", "20"])
def test_what_is_no_date_is_none(value: str | None) -> None:
    assert parse_moment(value) is None


def test_age_turns_on_the_birthday() -> None:
    assert age_in_years(date(1962, 3, 14), date(2026, 3, 13)) == 63
    assert age_in_years(date(1962, 3, 14), date(2026, 3, 14)) == 64


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2026, 3, 10), Age(4, "days")),
        (date(2026, 1, 15), Age(1, "months")),
        (date(2024, 3, 15), Age(23, "months")),
        (date(2024, 3, 14), Age(2, "years")),
    ],
)
def test_age_of_the_youngest_is_days_and_months(born: date, expected: Age) -> None:
    assert age(born, date(2026, 3, 14)) == expected


def test_spans() -> None:
    morning, noon = parse_moment("2026-03-14T08:00:00+01:00"), parse_moment("2026-03-14T12:00:00+01:00")
    later = parse_moment("2026-03-20T12:00:00+01:00")
    assert span_text(morning, noon) == "14.03.2026 08:00–12:00"
    assert span_text(morning, later) == "14.03.2026–20.03.2026"
    assert span_text(morning, None) == "14.03.2026 08:00"
    assert span_text(None, None) == ""
