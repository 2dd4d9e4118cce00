"""What is wrong with a letter template, in the words of whoever writes it."""

import re
from collections.abc import Sequence

from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.referral_fault import Fault

SAID: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(said), words)
    for said, words in (
        (r"is for (\w+), but no \[\[rec", N_("Malen er for %(about)s, men sier ikke hvor mottakeren finnes.")),
        (r"a receiver (\w+) cannot be found from", N_("Mottakeren %(about)s kan ikke finnes slik i denne typen brev.")),
        (r"addresses (\w+), for whom", N_("Malen sender til %(about)s, som den ikke sier at den er for.")),
        (r"the role (\w+) is not known", N_("Rollen %(about)s er ikke kjent.")),
        (r"`roles` is empty", N_("Malen er ikke for noen: roles er tom.")),
        (r"two receiver rules", N_("En rolle har to mottakerregler.")),
        (r"the text in bokmål", N_("Teksten på bokmål, [nb], mangler.")),
        (r"\[(\w+)\] needs title and body", N_("[%(about)s] trenger title og body.")),
        (r"\{([\w.]+)\} is not known in letters", N_("Feltet %(about)s finnes ikke i denne typen brev.")),
        (r"\[(\w+)\]: a brace that is no field", N_("[%(about)s] har en krøllparentes som ikke er et felt.")),
        (r"needs code, name and a version", N_("Malen trenger code, name og version fra 1.")),
        (r"`about` must be one of (.+)", N_("about må være en av %(about)s.")),
        (r"has version (\d+) already", N_("Versjon %(about)s er i bruk. Skriv et høyere tall i version.")),
        (r"is TOML: (.+)", N_("Dette er ikke TOML: %(about)s")),
    )
)  # fmt: skip
OTHER = N_("Dette kan ikke gjøres slik: %(about)s")


def faults(error: Problem) -> list[Fault]:
    """Every fault of a template, once each."""
    return list(dict.fromkeys(_fault(one.diagnostics) for one in error.issues))


def _fault(said: str) -> Fault:
    for pattern, words in SAID:
        found = pattern.search(said)
        if found:
            return Fault("text", words, next(iter(found.groups()), ""))
    return Fault("text", OTHER, said)
