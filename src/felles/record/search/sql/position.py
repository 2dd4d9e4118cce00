"""Distance on the earth: a band of latitudes that the index finds, then the great circle."""

from math import cos, radians

from felles.record.search.condition import Near
from felles.record.search.sql.dialect import Writing, terms

EARTH_RADIUS = 6_371.0
_KILOMETRES_PER_DEGREE = 111.0


def arm(near: Near, writing: Writing) -> str:
    """Rows {x} of composite_index (low: latitude, high: longitude) within the distance, by the haversine formula."""
    band = near.kilometres / _KILOMETRES_PER_DEGREE
    latitude, longitude = writing.value(near.latitude), writing.value(near.longitude)
    half = min(near.kilometres / (2 * EARTH_RADIUS), 1.57)
    north = f"sin(radians({{x}}.low - {latitude}) / 2)"
    east = f"sin(radians({{x}}.high - {longitude}) / 2)"
    around = f"cos(radians({{x}}.low)) * {writing.value(cos(radians(near.latitude)))}"
    return (
        f"{terms('{x}.term', near.terms)} AND {{x}}.code = 0 AND {{x}}.system = 0"
        f" AND {{x}}.low BETWEEN {writing.value(near.latitude - band)} AND {writing.value(near.latitude + band)}"
        f" AND {north} * {north} + {around} * {east} * {east} <= {writing.value(_square_of_sine(half))}"
    )


def _square_of_sine(angle: float) -> float:
    return float((1 - cos(2 * angle)) / 2)
