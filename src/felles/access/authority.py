"""Who sees the register of authorisations and who gives and ends roles, where, and which: policy as data (Normen
faktaark 47, pasientjournalforskriften § 13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from felles.access.role import ADMINISTRATOR, LEADERS, OFFICER
from felles.access.title import TITLES
from felles.access.unit import Tree
from felles.access.who import Kind, Who
from felles.record.outcome import Issue, Problem

RESERVED = frozenset((ADMINISTRATOR, OFFICER, "utrullingsleder"))
"""Given and ended by administrators alone."""
SEEING = LEADERS | {ADMINISTRATOR, OFFICER}


class No(StrEnum):
    """Why a role is not given or ended."""

    SELF = "self"
    UNIT = "unit"
    CODE = "code"
    PERSON = "person"
    CLOSED = "closed"
    AUTHORISATION = "authorisation"
    PAST = "past"
    ORDER = "order"
    SAME = "same"
    REASON = "reason"
    ENDED = "ended"
    CHANGED = "changed"


WORDS: Mapping[No, str] = {
    No.SELF: "Du kan ikke gi eller avslutte dine egne roller. En annen leder eller en administrator gjør det.",
    No.UNIT: "Enheten er ikke blant dem du har ansvar for.",
    No.CODE: "Denne rollen kan du ikke gi eller avslutte. Spør en administrator.",
    No.PERSON: "Personen står ikke lenger som ansatt. Spør en administrator.",
    No.CLOSED: "Enheten er lagt ned. Velg en enhet som er i drift.",
    No.AUTHORISATION: "Personen står ikke med denne autorisasjonen. Den må registreres før rollen gis.",
    No.PAST: "En rolle kan ikke gis eller avsluttes bakover i tid. Velg i dag eller senere.",
    No.ORDER: "Siste dag er før første dag.",
    No.SAME: "Personen har denne rollen her fra før, helt eller delvis i de samme dagene.",
    No.REASON: "Skriv hvorfor, med minst ti tegn.",
    No.ENDED: "Rollen er avsluttet fra før.",
    No.CHANGED: "Andre har endret rollen i mellomtiden. Les den på nytt og prøv igjen.",
}
"""In plain words (bokmål; the pages translate them)."""
_STATUS = {No.SELF: 403, No.UNIT: 403, No.CODE: 403, No.CHANGED: 409}


class Refusal(Problem):
    """A role that is not given or ended, and `no`: why."""

    def __init__(self, no: No) -> None:
        super().__init__(_STATUS.get(no, 422), (Issue("business-rule", f"the role stays as it is: {no}"),))
        self.no = no


@dataclass(frozen=True, slots=True)
class Authority:
    """What of the register somebody sees, and changes. `units`: only these (None: all); `own`: the unit that the
    authority comes from; `gives`: whether it extends to giving and ending roles."""

    units: frozenset[str] | None
    own: str = ""
    gives: bool = False
    reserved: bool = False

    def sees(self, unit: str) -> bool:
        """Whether the register of a unit is open."""
        return self.units is None or unit in self.units

    def refuses(self, code: str, unit: str) -> No | None:
        """Why a role of this code may not be given or ended at a unit; None where it may. Leaders of the own unit are
        named from above."""
        if not self.gives or not self.sees(unit):
            return No.UNIT
        if not self.reserved and (code in RESERVED or (code in LEADERS and unit == self.own)):
            return No.CODE
        return None

    def offered(self, unit: str) -> tuple[str, ...]:
        """The codes that may be given at a unit."""
        return tuple(code for code in TITLES if self.refuses(code, unit) is None)


def authority(who: Who, units: Tree) -> Authority | None:
    """The authority of somebody at work; None for whom the register is not open. Apps have none of it."""
    if who.kind is not Kind.STAFF or who.role is None or who.scopes is not None:
        return None
    if who.role.code == OFFICER:
        return Authority(None)
    if who.role.code in SEEING:
        unit = who.role.unit
        return Authority(units.within(unit), unit, gives=True, reserved=who.role.code == ADMINISTRATOR)
    return None
