"""Made-up identifiers that pass the check digits but are never given to anyone.

Persons: fødselsnummer and D-number of the synthetic series (month + 80). Organisations: numbers that begin with 3,
the series of synthetic organisations; real ones begin with 8 or 9. HPR numbers: nine digits from 990000000;
HER-ids: eight digits from 99000000; common help numbers: from 999990000 on;
all far above what has been given out. The store accepts these organisation numbers, HER-ids and help numbers only
when it is marked as demo.
"""

from datetime import date

from felles.record.validation.made_up import LOWEST_HELP_NUMBER

OID = "urn:oid:2.16.578.1.12.4.1"
FNR = f"{OID}.4.1"
DNR = f"{OID}.4.2"
HPR = f"{OID}.4.4"
ORGNR = f"{OID}.4.101"
HER = f"{OID}.2"
FHN = f"{OID}.4.3"

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORGANISATION = (3, 2, 7, 6, 5, 4, 3, 2)


def check_digit(digits: str, weights: tuple[int, ...]) -> int:
    """The mod-11 check digit; 10 means that the number cannot be used."""
    return -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11


def _personal(stem: str) -> str | None:
    first = check_digit(stem, _FIRST)
    second = check_digit(f"{stem}{first}", _SECOND) if first < 10 else 10
    return f"{stem}{first}{second}" if second < 10 else None


def _series(birth: date) -> range:
    """Individual numbers by century of birth (1900–1999: 000–499; 2000–2039: 500–999)."""
    return range(500) if birth.year < 2000 else range(500, 1000)


def personal_number(birth: date, sex: str, start: int, taken: set[str], *, temporary: bool = False) -> str:
    """An unused synthetic fødselsnummer, or D-number (day + 40) when temporary; added to `taken`.

    `start` chooses where in the day's series the search begins. Raises LookupError when the day is used up.
    """
    series = _series(birth)
    prefix = f"{birth.day + 40 * temporary:02}{birth.month + 80:02}{birth.year % 100:02}"
    for step in range(len(series)):
        individual = series[(start + step) % len(series)]
        if individual % 2 == (sex == "male"):
            number = _personal(f"{prefix}{individual:03}")
            if number and number not in taken:
                taken.add(number)
                return number
    raise LookupError(f"no number left for {birth}")


def help_number(ordinal: int) -> str:
    """The `ordinal`-th common help number (FH-nummer) from 999990000, far above what has been given out: for persons
    nobody knows yet."""
    stems = (_personal(str(stem)) for stem in range(LOWEST_HELP_NUMBER, LOWEST_HELP_NUMBER + 10_000))
    usable = [found for found in stems if found]
    return usable[ordinal % len(usable)]


def organisation_number(ordinal: int) -> str:
    """The `ordinal`-th usable organisation number of the synthetic series from 399000000."""
    usable = -1
    stem = 39_900_000
    while True:
        digit = check_digit(str(stem), _ORGANISATION)
        usable += digit < 10
        if usable == ordinal:
            return f"{stem}{digit}"
        stem += 1


def hpr_number(ordinal: int) -> str:
    """A nine-digit number in HPR format outside what has been given out."""
    return str(990_000_000 + 37 * ordinal + 11)


def her_id(ordinal: int) -> str:
    """An eight-digit number outside the HER-ids that have been given out."""
    return str(99_000_000 + ordinal)


def telephone(ordinal: int) -> str:
    """A telephone number that cannot be called: no Norwegian number begins with 00 after the country code."""
    digits = f"{ordinal % 1_000_000:06}"
    return f"+47 00 {digits[:2]} {digits[2:4]} {digits[4:]}"
