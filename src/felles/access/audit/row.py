"""One row of the log: one answer (pasientjournalforskriften § 14). No clinical or personal text, no values of searches.

Columns are those of the attest of NHN's Tillitsrammeverk (information model 1.1), so that both sides of a shared
look-up can be laid beside each other: practitioner{identifier, authorization, legal_entity, point_of_care,
department}, care_relation{healthcare_service, purpose_of_use, purpose_of_use_details, decision_ref},
patient{identifier, point_of_care}, toa.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Annotated

import msgspec

from felles.access.who import Who
from felles.record.index.value import key64

MANY = 1_000
"""Patients that one row names; an answer that shows more is told in several rows."""

NAMED = 20
"""Resources that one row names by id; of more it tells the number."""


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")


class Act(IntEnum):
    """What was done. Numbers are kept for ever and never given to something else."""

    READ = 1
    SEARCH = 2
    HISTORY = 3
    CREATE = 4
    UPDATE = 5
    DELETE = 6
    OPERATION = 7
    PRINT = 8
    EXPORT = 9
    MESSAGE = 10
    FIND = 11
    SIGN_IN = 12
    SIGN_OUT = 13
    EMERGENCY = 14
    TOKEN = 15


class Result(IntEnum):
    """What came of it."""

    OK = 0
    REFUSED = 1
    FAILED = 2


Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a column of the log can hold."""


class Row(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """`moment` (toa) in microseconds. People, roles, units are "Type/id"; patients are 64-bit keys of "Patient/id".

    `service` (healthcare_service), `details` (purpose_of_use_details, Volven 9151) and `place` (the patient's
    point_of_care) are empty where nothing is known. `reason` is the code of an emergency, never its text. `count` is
    how many resources were shown; `ids` names them while they are few. `parameters` are names only.
    """

    moment: Number
    act: Act
    result: Result = Result.OK
    person: str = ""
    role: str = ""
    authorization: str = ""
    department: str = ""
    point_of_care: str = ""
    legal_entity: str = ""
    client: str = ""
    session: str = ""
    acts_for: str = ""
    patients: list[Number] = []
    type: str = ""
    ids: list[str] = []
    count: int = 0
    parameters: list[str] = []
    ground: str = ""
    purpose: str = ""
    decision: str = ""
    reason: str = ""
    service: str = ""
    details: str = ""
    place: str = ""

    @property
    def who(self) -> int:
        """The key under which the person's rows are found."""
        return key64(self.person)


encode = msgspec.msgpack.Encoder().encode
"""The bytes that are kept and hashed; the same row gives the same bytes."""
decode = msgspec.msgpack.Decoder(Row).decode
"""A row from its bytes. Raises msgspec.DecodeError or UnicodeDecodeError."""


def read(body: bytes) -> Row | None:
    """A row from its bytes; None for what this program cannot read."""
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


@dataclass(frozen=True, slots=True)
class What:
    """What an answer held or was asked for: resources of one type (empty: of several, or none)."""

    type: str = ""
    ids: Sequence[str] = ()
    count: int = 0
    parameters: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """The decision behind an answer."""

    ground: str = ""
    decision: str = ""
    reason: str = ""
    place: str = ""
    purpose: str = ""


NOTHING = What()
NO_GROUND = Why()


def names(parameters: Iterable[str]) -> list[str]:
    """Names of search parameters, few and short; what looks like none could hold anything, and is told as `?`."""
    given = tuple(parameters)
    return list(_names(given)) if given else []


@lru_cache(maxsize=4_096)
def _names(parameters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name if _NAME.fullmatch(name) else "?" for name in parameters})[:NAMED])


def row(
    moment: int,
    who: Who,
    act: Act,
    *,
    patients: Iterable[int] = (),
    what: What = NOTHING,
    why: Why = NO_GROUND,
    result: Result = Result.OK,
) -> Row:
    """A row in somebody's name."""
    role = who.role
    few = list(what.ids) if len(what.ids) <= NAMED else []
    return Row(
        moment,
        act,
        result,
        who.id,
        role.id if role else "",
        role.code if role else "",
        role.unit if role else "",
        "",
        who.party or "",
        who.client,
        who.session,
        who.acts_for or "",
        sorted({*patients}),
        what.type,
        few,
        what.count or len(what.ids),
        names(what.parameters),
        why.ground,
        why.purpose or who.purpose.value,
        why.decision,
        why.reason,
        "",
        "",
        why.place,
    )


def parted(one: Row) -> Iterator[Row]:
    """The row, or several rows of MANY patients each."""
    if len(one.patients) <= MANY:
        yield one
        return
    for start in range(0, len(one.patients), MANY):
        yield msgspec.structs.replace(one, patients=one.patients[start : start + MANY])
