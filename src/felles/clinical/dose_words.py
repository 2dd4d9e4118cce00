"""The words of dosages in bokmål, nynorsk and English."""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal

FORMS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "tablett": {"nb": ("tablett", "tabletter"), "nn": ("tablett", "tablettar"), "en": ("tablet", "tablets")},
    "kapsel": {"nb": ("kapsel", "kapsler"), "nn": ("kapsel", "kapslar"), "en": ("capsule", "capsules")},
    "dosepose": {"nb": ("dosepose", "doseposer"), "nn": ("dosepose", "doseposar"), "en": ("sachet", "sachets")},
    "dose": {"nb": ("dose", "doser"), "nn": ("dose", "dosar"), "en": ("dose", "doses")},
    "sprøyte": {"nb": ("sprøyte", "sprøyter"), "nn": ("sprøyte", "sprøyter"), "en": ("syringe", "syringes")},
    "inhalasjon": {
        "nb": ("inhalasjon", "inhalasjoner"), "nn": ("inhalasjon", "inhalasjonar"), "en": ("inhalation", "inhalations"),
    },
    "dråpe": {"nb": ("dråpe", "dråper"), "nn": ("drope", "dropar"), "en": ("drop", "drops")},
    "plaster": {"nb": ("plaster", "plastre"), "nn": ("plaster", "plaster"), "en": ("patch", "patches")},
    "stikkpille": {
        "nb": ("stikkpille", "stikkpiller"), "nn": ("stikkpille", "stikkpiller"),
        "en": ("suppository", "suppositories"),
    },
    **{one: dict.fromkeys(("nb", "nn", "en"), (one, one)) for one in ("mg", "g", "mikrog", "ml", "E", "IE")},
}  # fmt: skip
"""The unit as it is kept → language → one, many."""
UNITS: Mapping[str, str] = {
    "tbl": "tablett", "tabl": "tablett", "tab": "tablett", "tabs": "tablett", "kaps": "kapsel", "caps": "kapsel",
    "inh": "inhalasjon", "drops": "dråpe", "mcg": "mikrog", "µg": "mikrog", "mikrogram": "mikrog", "gram": "g",
    "milligram": "mg", "milliliter": "ml", "enheter": "E", "units": "E", "supp": "stikkpille",
    **{word.casefold(): unit for unit, forms in FORMS.items() for pair in forms.values() for word in pair},
}  # fmt: skip
"""What people write → the unit."""
LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "nb": dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
                   ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"), strict=True)),
    "nn": dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
                   ("måndag", "tysdag", "onsdag", "torsdag", "fredag", "laurdag", "sundag"), strict=True)),
    "en": dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
                   ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)),
}  # fmt: skip
DAYS: Mapping[str, str] = {word.casefold(): day for names in LANGUAGES.values() for day, word in names.items()}
PARTS: Mapping[str, time] = {
    "morgenen": time(8), "morgen": time(8), "morgon": time(8), "morning": time(8), "formiddag": time(10),
    "middag": time(14), "noon": time(12), "ettermiddag": time(16), "kvelden": time(20), "kveld": time(20),
    "evening": time(20), "natten": time(22), "natt": time(22), "night": time(22),
}  # fmt: skip
EVERY: Mapping[str, str] = {
    "timer": "h", "time": "h", "hours": "h", "hour": "h", "dager": "d", "dagar": "d", "dag": "d", "døgn": "d",
    "days": "d", "day": "d", "uker": "wk", "uke": "wk", "veker": "wk", "veke": "wk", "weeks": "wk", "week": "wk",
    "måneder": "mo", "måned": "mo", "månader": "mo", "månad": "mo", "months": "mo", "month": "mo",
}  # fmt: skip
AS_NEEDED = "ved behov|as needed|prn|v/b"
LONG = r"(?:i|for)\s+(?:\d+|én|ein|one)\s+(?:dager|dagar|dag|days|day|døgn)"
TEXTS: Mapping[str, Mapping[str, str]] = {
    "nb": {
        "time": "gang", "times": "ganger", "per d": "{n} {times} daglig", "per wk": "{n} {times} i uken",
        "per mo": "{n} {times} i måneden", "every h": "hver {k}. time", "every d": "hver {k}. dag",
        "every wk": "hver {k}. uke", "every mo": "hver {k}. måned", "often": "{n} {times}", "at": "kl. {clocks}",
        "on": "på {days}", "and": "og", "limit": "inntil {n} {times} daglig", "needed": "ved behov",
        "against": "mot {why}", "days": "i {n} dager", "day": "i 1 dag",
    },
    "nn": {
        "time": "gong", "times": "gonger", "per d": "{n} {times} dagleg", "per wk": "{n} {times} i veka",
        "per mo": "{n} {times} i månaden", "every h": "kvar {k}. time", "every d": "kvar {k}. dag",
        "every wk": "kvar {k}. veke", "every mo": "kvar {k}. månad", "often": "{n} {times}", "at": "kl. {clocks}",
        "on": "på {days}", "and": "og", "limit": "inntil {n} {times} dagleg", "needed": "ved behov",
        "against": "mot {why}", "days": "i {n} dagar", "day": "i 1 dag",
    },
    "en": {
        "time": "time", "times": "times", "per d": "{n} {times} daily", "per wk": "{n} {times} a week",
        "per mo": "{n} {times} a month", "every h": "every {k} hours", "every d": "every {k} days",
        "every wk": "every {k} weeks", "every mo": "every {k} months", "often": "{n} {times}", "at": "at {clocks}",
        "on": "on {days}", "and": "and", "limit": "up to {n} {times} daily", "needed": "as needed",
        "against": "for {why}", "days": "for {n} days", "day": "for 1 day",
    },
}  # fmt: skip


def unit_word(unit: str, many: Decimal, language: str) -> str:
    """A unit beside a number."""
    forms = FORMS.get(unit, {}).get(language, (unit, unit))
    return forms[0] if many <= 1 else forms[1]
