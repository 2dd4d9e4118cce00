"""What the log says when an access token is given out: to which app, in whose name, about whom, and by which way."""

from collections.abc import Sequence

from felles.access.audit import log, row
from felles.access.smart.exchange import Issued
from felles.access.smart.token import Token
from felles.access.who import Purpose
from felles.record.index.value import key64
from felles.record.store import Line

_PURPOSES = {"Practitioner": Purpose.TREATMENT, "Patient": Purpose.OWN}
MAX_PURPOSE = 200
"""How long the words may be that an operator gives for a token made by hand."""


def said(issued: Issued, now: float) -> Sequence[Line]:
    """The line that is committed with the grant."""
    return log.lines(entry(issued.token, now, issued.way))


def refused(reason: str, now: float) -> Sequence[Line]:
    """An app was refused: the OAuth code of why, and no name, since it has not shown that it is whom it says."""
    return log.lines(row.Row(int(now * 1_000_000), row.Act.TOKEN, row.Result.REFUSED, reason=reason))


def entry(token: Token, now: float, way: str) -> row.Row:
    """`way` is a grant_type, or `felles token`; the uses of what is made by hand carry its id as their session."""
    purpose = _PURPOSES.get(token.subject.partition("/")[0], Purpose.SYSTEM)
    return row.Row(
        int(now * 1_000_000),
        row.Act.TOKEN,
        person=token.subject,
        client=token.app,
        session=token.session,
        patients=[key64(f"Patient/{token.patient}")] if token.patient else [],
        ids=[token.by] if token.by else [],
        parameters=[way],
        purpose=purpose.value,
        details=token.purpose[:MAX_PURPOSE],
    )
