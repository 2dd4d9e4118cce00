"""Positions: `near=latitude|longitude|distance|unit` (https://hl7.org/fhir/R4/location.html#positional)."""

from math import isfinite

from felles.record.index.term import Parameter
from felles.record.search.condition import Condition, Either, Near
from felles.record.search.escape import split, values
from felles.record.search.refusal import invalid

_KILOMETRES = {"km": 1.0, "": 1.0, "m": 0.001, "mi": 1.609344, "[mi_us]": 1.609347, "mi_us": 1.609347}
_DEFAULT = "50"


def read(name: str, parameter: Parameter, text: str) -> Condition:
    """The condition; 50 km where no distance is given. Raises Problem 400."""
    found = tuple(_near(name, parameter, value) for value in values(text))
    return found[0] if len(found) == 1 else Either(found)


def _near(name: str, parameter: Parameter, text: str) -> Near:
    latitude, longitude, distance, unit = (*split(text, "|"), "", "", "", "")[:4]
    try:
        point = float(latitude), float(longitude), float(distance or _DEFAULT) * _KILOMETRES[unit]
    except (ValueError, KeyError) as error:
        raise invalid(name, "a position is latitude|longitude|distance|unit with unit km, m or mi") from error
    if not all(map(isfinite, point)) or abs(point[0]) > 90 or abs(point[1]) > 180 or point[2] < 0:
        raise invalid(name, "latitude is -90 to 90, longitude -180 to 180, distance not below 0")
    return Near(parameter.numbers, *point)
