"""What scanners send: element strings as GS1 writes them, plain article numbers, and wristbands."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.clinical.barcode import Band, Package, Unreadable, checks, scanned

TODAY = date(2026, 11, 23)
GTIN = "09506000134352"
"""The example of GS1 General Specifications."""


def test_a_package_in_every_way_in_which_it_is_sent() -> None:
    whole = Package(GTIN, date(2027, 5, 31), "AB-12")
    for text in (
        f"(01){GTIN}(17)270531(10)AB-12(21)777", f"01{GTIN}1727053110AB-12\x1d21777",
        f"]d201{GTIN}1727053110AB-12|21777", f"]d2\x1d01{GTIN}21777~10AB-12~17270531", f"01{GTIN}1727050010AB-12",
    ):  # fmt: skip
        assert scanned(text, TODAY) == whole
    assert scanned("9506000134352", TODAY) == Package(GTIN) == scanned(f"01{GTIN}", TODAY)


def test_a_wristband_is_eleven_digits() -> None:
    assert scanned(" 13116900216\n", TODAY) == Band("13116900216")


@pytest.mark.parametrize(
    "text",
    ["", "paracet", "9506000134353", f"01{GTIN[:-1]}", f"01{GTIN}17271331", f"01{GTIN}17270231", f"(01){GTIN}(10)",
     "17270531", f"01{GTIN}99x", "01" + "٣" * 14, f"01{GTIN}10" + "x" * 21],
)  # fmt: skip
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        scanned(text, TODAY)


def test_the_century_is_the_nearest() -> None:
    assert scanned(f"01{GTIN}17990131", TODAY) == Package(GTIN, date(1999, 1, 31))
    assert scanned(f"01{GTIN}17760131", TODAY) == Package(GTIN, date(2076, 1, 31))


@given(st.text(max_size=40))
def test_nothing_that_is_scanned_fails_otherwise(text: str) -> None:
    try:
        scanned(text, TODAY)
    except Unreadable:
        return


@given(st.integers(0, 10**12 - 1))
def test_exactly_one_check_digit_fits(number: int) -> None:
    assert sum(checks(f"{number:012d}{last}") for last in range(10)) == 1
