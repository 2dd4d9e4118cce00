"""Norwegian national identifiers: form, check digits, and what can be read from them.

Birth numbers (fødselsnummer), D-numbers, H-numbers and common help numbers (FH-nummer) have eleven digits, the last
two of which are check digits modulo 11 (folkeregisterforskriften § 2-2-1). Since the rule for 2032 was given the
first check digit may also leave a remainder of 1 to 3; both rules are accepted. Synthetic numbers add to the month:
80 (Skatteetaten, Tenor), 65 (Norsk helsenett), 40 (NAV, Dolly; the same as an H-number).
"""

from dataclasses import dataclass
from datetime import date

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_ORGANIZATION = (3, 2, 7, 6, 5, 4, 3, 2, 1)
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ADDED_TO_MONTH = (0, 40, 65, 80)
REAL_ORGANIZATIONS, SYNTHETIC_ORGANIZATIONS = "89", "23"
"""First digits of organisation numbers: in the register of legal entities, and in its test register."""


def check_digits_hold(number: str) -> bool:
    """Whether the two check digits of eleven digits hold by the rule of 1964 or of 2032."""
    return first_remainder(number) in (0, 1, 2, 3) and _sum(number, _SECOND) % 11 == 0


def first_remainder(number: str) -> int:
    """What the first check digit leaves modulo 11: 0 by the rule of 1964, 0 to 3 by that of 2032."""
    return _sum(number, _FIRST) % 11


def _sum(number: str, weights: tuple[int, ...]) -> int:
    return sum(weight * (ord(digit) - 48) for weight, digit in zip(weights, number, strict=False))


def check_digits(nine: str) -> str | None:
    """The check digits of nine digits by the rule of 1964; None where there are none (a remainder of 10)."""
    first = -_sum(nine, _FIRST[:9]) % 11
    second = -_sum(f"{nine}{first}", _SECOND[:10]) % 11 if first < 10 else 10
    return f"{first}{second}" if second < 10 else None


@dataclass(frozen=True, slots=True)
class _Parts:
    day: int
    month: int
    year: int
    d_number: bool
    added: int


def _parts(number: str) -> _Parts | None:
    """Day, month and two-digit year of eleven digits, with what was added taken off; None if it is no day."""
    if len(number) != 11 or not (number.isascii() and number.isdigit()):
        return None
    day, month, year = int(number[:2]), int(number[2:4]), int(number[4:6])
    d_number = day > 40
    day -= 40 * d_number
    added = next((a for a in reversed(_ADDED_TO_MONTH) if 1 <= month - a <= 12), None)
    if added is None:
        return None
    month -= added
    longest = 28 if month == 2 and year % 4 else _LENGTHS[month - 1]
    return _Parts(day, month, year, d_number, added) if 1 <= day <= longest else None


def is_birth_number(number: str) -> bool:
    """A fødselsnummer, real or of a synthetic series."""
    parts = _parts(number)
    return parts is not None and not parts.d_number and check_digits_hold(number)


def is_d_number(number: str) -> bool:
    """A D-number (day + 40), real or of a synthetic series."""
    parts = _parts(number)
    return parts is not None and parts.d_number and check_digits_hold(number)


def is_h_number(number: str) -> bool:
    """A local help number (month + 40); the same form as a synthetic birth number of NAV."""
    parts = _parts(number)
    return parts is not None and not parts.d_number and parts.added == 40 and check_digits_hold(number)


def is_help_number(number: str) -> bool:
    """A common help number (FH-nummer): nine digits from 800000000, and the two check digits."""
    digits = len(number) == 11 and number.isascii() and number.isdigit()
    return digits and number[0] in "89" and check_digits_hold(number)


def is_health_personnel_number(number: str) -> bool:
    """An HPR number: up to nine digits without check digit."""
    return 1 <= len(number) <= 9 and number.isascii() and number.isdigit() and number[0] != "0"


def is_her_id(number: str) -> bool:
    """A HER-id of the national address register: up to nine digits without check digit."""
    return is_health_personnel_number(number)


def is_organization_number(number: str) -> bool:
    """An organisation number: nine digits modulo 11, of the register or of its test register."""
    digits = len(number) == 9 and number.isascii() and number.isdigit()
    return digits and number[0] in REAL_ORGANIZATIONS + SYNTHETIC_ORGANIZATIONS and not _sum(number, _ORGANIZATION) % 11


def is_synthetic(number: str) -> bool:
    """Whether a valid number belongs to a test series: month + 40, 65 or 80, or a test organisation."""
    if len(number) == 9:
        return is_organization_number(number) and number[0] in SYNTHETIC_ORGANIZATIONS
    parts = _parts(number)
    return parts is not None and parts.added > 0


def birth_date(number: str) -> date | None:
    """The birth date in a birth number or D-number; None where the century cannot be told.

    So it is for numbers that hold only by the rule of 2032, and for D-numbers of the series changed in 2021.
    """
    parts = _parts(number)
    if parts is None or not check_digits_hold(number) or first_remainder(number):
        return None
    century = _century(int(number[6:9]), parts)
    try:
        return date(century + parts.year, parts.month, parts.day) if century else None
    except ValueError:
        return None


def _century(individual: int, parts: _Parts) -> int | None:
    if individual < 500:
        return 1900
    if parts.year < 40:
        return 2000
    if parts.d_number:
        return None
    if individual < 750 and parts.year >= 54:
        return 1800
    return 1900 if individual >= 900 else None


def sex(number: str) -> str | None:
    """`male` or `female` from the ninth digit; None for numbers that hold only by the rule of 2032."""
    if _parts(number) is None or not check_digits_hold(number) or first_remainder(number):
        return None
    return "male" if int(number[8]) % 2 else "female"
