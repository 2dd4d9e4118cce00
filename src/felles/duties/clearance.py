"""Who may see and do what with a duty: pure, over the row, its kind and who asks."""

from felles.access.who import Kind as Of
from felles.access.who import Who
from felles.duties.duty import Duty
from felles.duties.kind import Kind
from felles.record.index.value import key64


def may_handle(one: Duty, who: Who) -> bool:
    """Whether somebody works where the duty is owed or told, or above it, or is the one who is named."""
    named = one.person is not None and one.person in who.keys
    return who.kind is Of.STAFF and (named or one.unit in who.keys or one.watch in who.keys)


def is_closer(one: Duty, kind: Kind, who: Who) -> bool:
    """Whether it is this person's very task to close duties of this kind here: who reviews need not know the patient,
    and sees what is to be reviewed."""
    return who.role is not None and who.role.code in kind.closers and may_handle(one, who)


def may_close(one: Duty, kind: Kind, who: Who, *, vacant: bool) -> bool:
    """Whether somebody may close it by hand. `vacant`: nobody in the unit has one of the kind's roles, and so
    anybody there does it; whoever works above the unit always may, but for kinds that are not for all eyes."""
    above = who.role is not None and key64(who.role.unit) != one.unit and not kind.discreet
    fits = not kind.closers or is_closer(one, kind, who) or vacant or above
    return kind.by_hand and fits and may_handle(one, who)
