"""Dosages: what is written from the structure reads back to the same structure, in three languages and through FHIR."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.clinical.dose import Dose, of, written
from felles.clinical.dose_reading import Unreadable, parsed
from felles.clinical.dose_words import FORMS, LANGUAGES

AMOUNTS = st.decimals(Decimal("0.1"), Decimal(999), places=1).map(Decimal.normalize)
WHYS = st.sampled_from(["smerter", "tung pust", "KOLS-forverring", "sterke smerter"])


@st.composite
def doses(draw: st.DrawFn) -> Dose:
    amount, unit = draw(AMOUNTS), draw(st.sampled_from(sorted(FORMS)))
    most = amount + draw(AMOUNTS) if draw(st.booleans()) else None
    length = draw(st.sampled_from([0, 1, 7, 14]))
    kind = draw(st.sampled_from(["needed", "plain", "at", "days", "every"]))
    if kind == "needed":
        why = draw(WHYS | st.just(""))
        return Dose(amount, unit, most, needed=True, why=why, limit=draw(st.integers(0, 8)), length=length)
    at = tuple(sorted(draw(st.sets(st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])), max_size=4))))
    if kind == "at" and at:
        return Dose(amount, unit, most, frequency=len(at), at=at, length=length)
    if kind == "days":
        chosen = draw(st.sets(st.sampled_from(list(LANGUAGES["nb"])), min_size=1, max_size=3))
        days = tuple(one for one in LANGUAGES["nb"] if one in chosen)
        return Dose(
            amount, unit, most, frequency=len(days) * max(1, len(at)), each="wk", days=days, at=at, length=length
        )
    if kind == "every":
        each = draw(st.sampled_from(["h", "d", "wk", "mo"]))
        return Dose(amount, unit, most, period=draw(st.integers(2, 12)), each=each, length=length)
    each = draw(st.sampled_from(["d", "wk", "mo"]))
    return Dose(amount, unit, most, frequency=draw(st.integers(1, 8)), each=each, length=length)


@given(doses(), st.sampled_from(["nb", "nn", "en"]))
def test_words_read_back_to_the_same_dose(dose: Dose, language: str) -> None:
    assert parsed(written(dose, language)) == dose


@given(doses())
def test_fhir_reads_back_to_the_same_dose(dose: Dose) -> None:
    assert of(dose.resource()) == dose


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1x3", "1  3 ganger daglig"),
        ("1 tbl x 4", "1 tablett 4 ganger daglig"),
        ("1-2 tbl v/b", "1–2 tabletter ved behov"),
        ("500 mg morgen og kveld", "500 mg kl. 08 og 20"),
        ("2 tabletter daglig", "2 tabletter 1 gang daglig"),
        ("1 tablett hver mandag", "1 tablett 1 gang i uken på mandag"),
        ("7,5 mg én gang i uken", "7,5 mg 1 gang i uken"),
        ("1 kapsel tre ganger om dagen i 7 dager", "1 kapsel 3 ganger daglig i 7 dager"),
        ("1 tablet every 6 hours", "1 tablett hver 6. time"),
        ("1 tablett kvar dag", "1 tablett 1 gang daglig"),
        ("2 tabletter ved behov inntil 4 ganger daglig", "2 tabletter inntil 4 ganger daglig ved behov"),
        ("1 TABLETT KL 8", "1 tablett kl. 08"),
        ("1½ tablett daglig", "1,5 tabletter 1 gang daglig"),
    ],
)
def test_what_people_type_is_understood(typed: str, meant: str) -> None:
    assert written(parsed(typed)) == meant


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("", "–"), ("tablett", "tablett"), ("1 tablett", "–"), ("1 flaske daglig", "flaske"),
        ("3-2 ml daglig", "3-2 ml"), ("0 tabletter daglig", "0 tabletter"), ("1 tablett kl. 25", "kl. 25"),
        ("1 tablett daglig til uka er omme", "til uka er omme"),
        ("1 tablett 3 ganger daglig kl. 08", "1 tablett 3 ganger daglig kl. 08"), ("<script>", "<script>"),
        ("1 tablett daglig daglig", "daglig"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(typed: str, part: str) -> None:
    with pytest.raises(Unreadable) as told:
        parsed(typed)
    assert told.value.part == part


def test_how_often_in_a_day() -> None:
    assert parsed("1 tablett 3 ganger daglig").daily == 3
    assert parsed("1 tablett hver 6. time").daily == 4
    assert parsed("1 tablett på mandag").daily == pytest.approx(1 / 7)
    assert parsed("2 tabletter inntil 4 ganger daglig ved behov").daily == 4


@pytest.mark.parametrize(
    "more",
    [
        {"timing": {"repeat": {"frequency": 1, "period": 0.5, "periodUnit": "d"}}},
        {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]}}},
        {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}, "code": {"text": "BID"}}},
        {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "wk"}}, "asNeededBoolean": True},
        {"maxDosePerPeriod": {"numerator": {"value": 4}}},
        {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}, {"doseQuantity": {"value": 2, "unit": "mg"}}]},
    ],
)
def test_what_a_dose_cannot_hold_is_no_dose(more: dict[str, object]) -> None:
    assert of({**Dose(Decimal(1), "mg").resource(), **more}) is None
