"""What the rules of referrals refuse, at the field it is about, in the words of whoever typed it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from felles.record.outcome import Problem
from felles.web.chart.words import N_


@dataclass(frozen=True, slots=True)
class Fault:
    """`field` of the form, empty for the whole of it; `words` in bokmål, with `about` where it names something."""

    field: str
    words: str
    about: str = ""


SAID: Sequence[tuple[re.Pattern[str], str, str]] = tuple(
    (re.compile(said), field, words)
    for said, field, words in (
        (r"a deadline is not before the receipt", "deadline",
         N_("Fristen kan ikke være før henvisningen ble mottatt.")),
        (r"under 23 the deadline is at the latest ([\d.]+):", "deadline",
         N_("Pasienten er under 23 år: fristen er senest %(about)s (65 virkedager).")),
        (r"who waits has been assessed", "deadline", N_("Sett en frist.")),
        (r"a refusal says why", "reason", N_("Skriv hvorfor det ikke er rett til helsehjelp. Det står i brevet.")),
        (r"a deadline is changed with a reason", "reason", N_("Skriv hvorfor fristen endres.")),
        (r"say why it is the other unit's", "reason", N_("Skriv hvorfor den andre enheten er rett sted.")),
        (r"choose a unit that stands", "unit", N_("Velg en enhet som finnes.")),
        (r"write what was offered", "words", N_("Skriv hva pasienten ble tilbudt, og hva pasienten svarte.")),
        (r"a postponement by the patient says", "words",
         N_("Skriv hva pasienten ble tilbudt, og hva pasienten svarte.")),
        (r"the wait does not end before it began", "day", N_("Ventetiden kan ikke slutte før den begynte.")),
        (r"is not received in the future", "received", N_("En henvisning kan ikke være mottatt i fremtiden.")),
        (r"is not before the first receipt", "received", N_("Mottatt her kan ikke være før første mottak.")),
        (r"say why it is called off", "why", N_("Skriv hvorfor timen avlyses.")),
        (r"the patient is dead", "without", N_("Pasienten er død. Skriv hvorfor brevet ikke går til pasienten.")),
        (r"nobody is found; choose a receiver", "without",
         N_("Vi finner ingen adresse til pasienten. Skriv hvorfor brevet ikke går dit.")),
        (r"would reach nobody", "", N_("Brevet har ingen mottaker og kan ikke signeres.")),
        (r"\{unit\.phone\}", "", N_("Brevet kan ikke skrives: enheten har ikke telefonnummer i adresseregisteret.")),
        (r"the letter says \{([\w.]+)\}", "", N_("Brevet kan ikke skrives: %(about)s er ikke kjent.")),
        (r"no unit takes this referral", "unit", N_("Ingen enhet tar imot denne. Velg en enhet som finnes.")),
        (r"is not among", "code", N_("Velg en av kodene.")),
    )
)  # fmt: skip
OTHER = N_("Dette kan ikke gjøres slik: %(about)s")


def faults(error: Problem) -> list[Fault]:
    """Every fault of a refusal, once each."""
    return list(dict.fromkeys(_fault(one.diagnostics) for one in error.issues))


def _fault(said: str) -> Fault:
    for pattern, field, words in SAID:
        found = pattern.search(said)
        if found:
            return Fault(field, words, next(iter(found.groups()), ""))
    return Fault("", OTHER, said)
