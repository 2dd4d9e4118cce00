"""Units of UCUM (https://ucum.org/ucum) as far as records need them: a factor and dimensions, for conversion.

Arbitrary units such as `[iU]` and every bracketed unit that is not in the table are dimensions of their own;
`mol` is kept as a dimension, as in SI.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

Dimensions = tuple[tuple[str, int], ...]


class Unit(NamedTuple):
    """`factor` times the product of base units to their powers; sorted, without zero powers."""

    factor: Decimal
    dimensions: Dimensions


PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
BASE = ("m", "s", "g", "rad", "K", "C", "cd", "mol", "bit")
METRIC = {
    "L": "dm3", "l": "dm3", "N": "kg.m/s2", "Pa": "N/m2", "J": "N.m", "W": "J/s", "A": "C/s", "V": "J/C",
    "F": "C/V", "Ohm": "V/A", "S": "A/V", "Wb": "V.s", "T": "Wb/m2", "H": "Wb/A", "Hz": "/s", "lm": "cd.sr",
    "lx": "lm/m2", "Bq": "/s", "Gy": "J/kg", "Sv": "J/kg", "sr": "rad2", "eq": "mol", "osm": "mol",
    "kat": "mol/s", "U": "umol/min", "t": "Mg", "bar": "100 kPa", "m[Hg]": "133.322 kPa",
    "m[H2O]": "9.80665 kPa", "cal": "4.184 J", "dyn": "g.cm/s2", "P": "dyn.s/cm2", "St": "cm2/s",
    "G": "0.0001 T", "Ci": "37000000000 Bq", "By": "8 bit", "eV": "1.602176634e-19 J", "erg": "dyn.cm",
    "ar": "100 m2", "u": "1.66053906660e-24 g", "Np": "[Np]", "B": "[Bel]",
}  # fmt: skip
PLAIN = {
    "min": "60 s", "h": "60 min", "d": "24 h", "wk": "7 d", "mo": "30.4375 d", "a": "365.25 d", "a_j": "a",
    "mo_j": "mo", "%": "0.01 1", "10*": "10 1", "10^": "10 1", "[pi]": "3.14159265358979323846 1",
    "deg": "0.0174532925199432957692 rad", "[ppth]": "0.001 1", "[ppm]": "0.000001 1",
    "[ppb]": "0.000000001 1", "atm": "101325 Pa", "[in_i]": "2.54 cm", "[in_us]": "2.54000508001016 cm",
    "[ft_i]": "12 [in_i]", "[yd_i]": "3 [ft_i]", "[mi_i]": "5280 [ft_i]", "[nmi_i]": "1852 m",
    "[lb_av]": "453.59237 g", "[oz_av]": "28.349523125 g", "[st_av]": "14 [lb_av]", "[gr]": "64.79891 mg",
    "[dr_av]": "1.7718451953125 g", "[gal_us]": "231 [in_i]3", "[qt_us]": "57.75 [in_i]3",
    "[pt_us]": "28.875 [in_i]3", "[foz_us]": "1.8046875 [in_i]3", "[tbs_us]": "0.90234375 [in_i]3",
    "[tsp_us]": "0.30078125 [in_i]3", "[Cal]": "4184 J", "[psi]": "6894.757293168 Pa",
    "[mi_us]": "1609.347218694 m", "[sft_i]": "144 [sin_i]", "[sin_i]": "[in_i]2", "[drp]": "0.05 mL",
    "b": "100 fm2", "g%": "10 g/L", "bpm": "/min", "'": "0.000290888208665721596154 rad",
}  # fmt: skip
TOKEN = re.compile(
    r"(?P<atom>10[*^]|(?:[A-Za-z%'_]|\[[^\]\s]{1,40}\])+)(?P<power>[+-]?\d{1,2})?"
    r"|(?P<number>\d{1,12})|(?P<note>\{[^}]*\})|(?P<symbol>[./()])"
)
ONE = Unit(Decimal(1), ())


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit | None:
    """The meaning of a UCUM code, or None when it is no unit known here."""
    if len(code) > 100:
        return None
    reader = Reader(code)
    try:
        found = reader.term(0)
    except (KeyError, ArithmeticError):
        return None
    return found if reader.place == len(code) else None


def canonical(value: Decimal, code: str) -> tuple[Decimal, Dimensions] | None:
    """`value` in base units with its dimensions; temperatures on their offset scales become kelvin."""
    if code == "Cel":
        return value + Decimal("273.15"), (("K", 1),)
    if code == "[degF]":
        return (value + Decimal("459.67")) * 5 / 9, (("K", 1),)
    found = unit(code)
    return None if found is None else (value * found.factor, found.dimensions)


class Reader:
    """One pass over a code: `term = ["/"] component {("." | "/") component}`."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.place = 0

    def term(self, depth: int) -> Unit:
        if depth > 10:
            raise KeyError(self.code)
        result, divide = ONE, self.accept("/")
        while True:
            result = multiply(result, self.component(depth), -1 if divide else 1)
            divide = self.accept("/")
            if not divide and not self.accept("."):
                return result

    def accept(self, symbol: str) -> bool:
        found = self.code.startswith(symbol, self.place)
        self.place += found
        return found

    def component(self, depth: int) -> Unit:
        match = TOKEN.match(self.code, self.place)
        if match is None:
            raise KeyError(self.code)
        self.place = match.end()
        if match["atom"]:
            self.note()
            return power(atom(match["atom"]), int(match["power"] or 1))
        if match["number"]:
            self.note()
            return Unit(Decimal(match["number"]), ())
        if match["note"]:
            return ONE
        if match["symbol"] != "(":
            raise KeyError(self.code)
        inner = self.term(depth + 1)
        if not self.accept(")"):
            raise KeyError(self.code)
        return inner

    def note(self) -> None:
        match = TOKEN.match(self.code, self.place)
        if match and match["note"]:
            self.place = match.end()


def multiply(left: Unit, right: Unit, sign: int) -> Unit:
    """left × right (sign 1) or left ÷ right (sign -1)."""
    powers = dict(left.dimensions)
    for name, exponent in right.dimensions:
        powers[name] = powers.get(name, 0) + sign * exponent
    dimensions = tuple(sorted((name, exponent) for name, exponent in powers.items() if exponent))
    return Unit(left.factor * right.factor if sign > 0 else left.factor / right.factor, dimensions)


def power(base: Unit, exponent: int) -> Unit:
    dimensions = tuple((name, count * exponent) for name, count in base.dimensions) if exponent else ()
    return Unit(base.factor**exponent, dimensions)


@lru_cache(maxsize=1024)
def atom(code: str) -> Unit:
    """One unit symbol, with or without a prefix; KeyError when unknown."""
    if code in BASE:
        return Unit(Decimal(1), ((code, 1),))
    definition = METRIC.get(code) or PLAIN.get(code)
    if definition:
        return defined(definition)
    for length in (2, 1):
        prefix, rest = code[:length], code[length:]
        if prefix in PREFIXES and (rest in BASE or rest in METRIC or rest.startswith("[")):
            scaled = atom(rest)
            return Unit(scaled.factor.scaleb(PREFIXES[prefix]), scaled.dimensions)
    if code.startswith("[") and code.endswith("]"):
        return Unit(Decimal(1), ((code, 1),))
    raise KeyError(code)


def defined(definition: str) -> Unit:
    """The unit behind a table entry: an optional decimal factor, a space, a code."""
    factor, _, code = definition.rpartition(" ")
    found = unit(code)
    if found is None:
        raise KeyError(definition)
    return Unit(found.factor * Decimal(factor or 1), found.dimensions)
