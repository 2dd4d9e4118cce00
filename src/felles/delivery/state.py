"""The life of one delivery: a total machine, so that whatever happens to a letter has one answer.

"Sent" is what a transport has acknowledged, "delivered" what the receiver's side has. Pure.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """QUEUED: no channel has it yet. HANDED: a channel has it, nobody has acknowledged it. SENT: the transport has.
    DELIVERED: the receiver has it (opened, or a positive application receipt). REFUSED: transport or receiver sent it
    back, somebody must act. SETTLED: a named person has seen to it otherwise. VOID: it shall not be sent any more."""

    QUEUED = "queued"
    HANDED = "handed"
    SENT = "sent"
    DELIVERED = "delivered"
    REFUSED = "refused"
    SETTLED = "settled"
    VOID = "void"


class Event(StrEnum):
    """What can happen: a channel TAKEs it, the transport ACKNOWLEDGEs, the receiver ACCEPTs, either REFUSEs; it is put
    into the queue AGAIN (of this channel or another); a person SETTLEs or VOIDs it with a reason."""

    TAKE = "take"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    REFUSE = "refuse"
    AGAIN = "again"
    SETTLE = "settle"
    VOID = "void"


_Q, _H, _S, _D, _R, _X, _V = State
_AHEAD = {Event.ACKNOWLEDGE: _S, Event.ACCEPT: _D, Event.REFUSE: _R, Event.SETTLE: _X}
STEPS: Mapping[State, Mapping[Event, State]] = {
    _Q: {Event.TAKE: _H, Event.AGAIN: _Q, Event.ACKNOWLEDGE: _S, Event.REFUSE: _R, Event.SETTLE: _X, Event.VOID: _V},
    _H: {Event.TAKE: _H, Event.AGAIN: _Q, **_AHEAD, Event.VOID: _V},
    _S: {Event.TAKE: _S, Event.AGAIN: _Q, **_AHEAD},
    _D: {Event.TAKE: _D, Event.ACKNOWLEDGE: _D, Event.ACCEPT: _D, Event.REFUSE: _R},
    _R: {Event.AGAIN: _Q, Event.REFUSE: _R, Event.SETTLE: _X, Event.VOID: _V},
    _X: {Event.TAKE: _X, Event.ACKNOWLEDGE: _X, Event.ACCEPT: _D, Event.REFUSE: _X, Event.SETTLE: _X},
    _V: {Event.VOID: _V},
}
"""What is absent is impossible: a void letter is never sent, a sent one never void. A receipt that comes again, or
after a better one, changes nothing; a refusal after a receipt does (HIS 1151, an error in a message received)."""

TERMINAL = frozenset((State.DELIVERED, State.SETTLED, State.VOID))
STATUS: Mapping[State, str] = {
    _Q: "preparation", _H: "in-progress", _S: "in-progress", _D: "completed", _R: "on-hold", _X: "stopped",
    _V: "not-done",
}  # fmt: skip
"""Communication.status (FHIR R4 valueset-event-status) of each state; what is sent also says when."""


def after(state: State, event: Event) -> State | None:
    """The state after an event; the same where it changes nothing, None where it is impossible."""
    return STEPS[state].get(event)


def reachable(before: State, now: State) -> bool:
    """Whether one event leads from one state to another, or none is needed."""
    return before is now or now in STEPS[before].values()
