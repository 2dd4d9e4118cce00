"""Why a sign-in at a provider came to nothing."""

from typing import Literal

Reason = Literal[
    "cancelled",  # the person turned back at the provider
    "unavailable",  # the provider does not answer, or answers nonsense
    "refused",  # the provider refused us
    "stale",  # the sign-in was not begun in this browser, is too old or was finished already
    "untrusted",  # what came back does not prove anything: signature, issuer, audience, nonce, time
    "weak",  # the sign-in was not strong enough
    "unknown",  # nobody in this record is who the provider vouched for
]


class Refusal(Exception):
    """A sign-in refused. `detail` names the check that failed, for the operator's log; it never holds a value."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail
