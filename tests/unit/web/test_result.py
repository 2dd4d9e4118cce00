"""Laboratory results and vital signs: values, flags, trends, curves."""

from decimal import Decimal
from typing import Any

from felles.web.chart.flowsheet import flowsheet
from felles.web.chart.result import analyses, trend
from felles.web.chart.sparkline import HEIGHT, WIDTH
from felles.web.chart.vitals import vital_views


def lab(day: int, value: object, name: str = "P-Kalium", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"code": name}], "text": name},
        "effectiveDateTime": f"2026-03-{day:02}T08:00:00+01:00",
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        "referenceRange": [{"low": {"value": Decimal("3.6")}, "high": {"value": Decimal("4.6")}}],
        **more,
    }


def test_the_last_value_with_range_flag_and_trend() -> None:
    (potassium,) = analyses([lab(1, Decimal("4.10")), lab(3, Decimal("4.90")), lab(2, Decimal("4.5"))])
    assert potassium.last.value == "4,90"
    assert potassium.last.reference is not None and potassium.last.reference.text == "3,6–4,6"
    assert potassium.last.flag == "high"
    assert potassium.trend == "up"
    assert [m.value for m in potassium.measurements] == ["4,90", "4,5", "4,10"]


def test_the_laboratory_s_own_mark_counts() -> None:
    marked = lab(1, Decimal("4.0"), interpretation=[{"coding": [{"code": "LL"}]}])
    (potassium,) = analyses([marked])
    assert potassium.last.flag == "low" and potassium.last.critical


def test_withdrawn_results_are_not_shown() -> None:
    assert analyses([lab(1, 4, status="entered-in-error")]) == []


def test_comparators_words_and_open_ranges() -> None:
    quantity = {"comparator": "<", "value": 5, "unit": "mg/L"}
    (crp,) = analyses([lab(1, 0, "P-CRP", valueQuantity=quantity, referenceRange=[{"high": {"value": 5}}])])
    assert crp.last.value == "< 5" and crp.last.reference is not None and crp.last.reference.text == "≤ 5"
    words = lab(1, 0, "U-Dyrkning")
    del words["valueQuantity"]
    (culture,) = analyses([{**words, "valueCodeableConcept": {"text": "Ingen vekst"}}])
    assert culture.last.value == "Ingen vekst" and culture.curve is None


def test_trend_needs_more_than_noise() -> None:
    assert trend([4.1, 4.0]) == "level"
    assert trend([3.0, 4.0]) == "down"
    assert trend([4.0]) == ""


def test_a_curve_stays_inside_its_frame() -> None:
    (potassium,) = analyses([lab(day, value) for day, value in ((1, 9.0), (2, 3.0), (9, 4.0))])
    assert potassium.curve is not None
    pairs = [tuple(map(float, pair.split(","))) for pair in potassium.curve.points.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in pairs)
    assert potassium.curve.band is not None and not potassium.curve.outside


def test_panels_are_read_in_order() -> None:
    names = [view.name for view in analyses([lab(1, 4, n) for n in ("P-INR", "P-CRP", "B-Hemoglobin", "P-Xyz")])]
    assert names == ["B-Hemoglobin", "P-CRP", "P-INR", "P-Xyz"]


def test_a_sheet_has_a_column_a_day() -> None:
    sheet = flowsheet(analyses([lab(1, 4), lab(2, 5), lab(2, 3, "P-Natrium")]))
    assert [day.day for day in sheet.days] == [2, 1]
    cells = {row.analysis.name: [cell.value if cell else "" for cell in row.cells] for row in sheet.rows}
    assert cells == {"P-Natrium": ["3", ""], "P-Kalium": ["5", "4"]}


def pressure(day: int, high: int, low: int) -> dict[str, Any]:
    parts = [
        {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "unit": "mm[Hg]"}}
        for code, value in (("8480-6", high), ("8462-4", low))
    ]
    base = lab(day, 0, "85354-9", component=parts)
    del base["valueQuantity"], base["referenceRange"]
    return base


def test_blood_pressure_is_one_reading() -> None:
    vitals = vital_views([lab(1, 72, "8867-4"), pressure(1, 140, 90), pressure(2, 128, 76)])
    assert [(v.name, v.value, v.unit) for v in vitals] == [("Blodtrykk", "128/76", "mmHg"), ("Puls", "72", "mmol/L")]
    assert vitals[0].analysis.trend == "down"
