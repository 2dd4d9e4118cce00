"""A search of the log: `AuditEvent?patient=&agent=&entity=&date=&action=&type=&outcome=` and its SQL.

What cannot be asked is refused, never ignored: a log that shows more than was asked for misleads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from felles.access.audit.act import KINDS, of_code
from felles.access.audit.reach import Reach
from felles.access.audit.row import Result, Row
from felles.access.audit.statement import many
from felles.record.index.value import date_range, key64
from felles.record.outcome import problem
from felles.record.search.criterion.date import prefixed
from felles.record.store.transaction import Dialect

COUNT, MOST = 50, 1_000
FIRST = 2**62
_OUTCOMES = {"0": Result.OK, "4": Result.REFUSED, "8": Result.FAILED}
_OFFERED = "patient, agent, entity, date, action, type, subtype, outcome, _id, _count, _sort=-date"


@dataclass(slots=True)
class Question:
    """What is asked. Sets of numbers mean one of them; None: any. Moments from `low` to before `high`; rows older than
    number `before`."""

    patients: frozenset[int] | None = None
    people: frozenset[int] | None = None
    acts: frozenset[int] | None = None
    low: int = -FIRST
    high: int = FIRST
    seqs: frozenset[int] | None = None
    before: int = FIRST
    count: int = COUNT
    entities: list[frozenset[str]] = field(default_factory=list)
    results: frozenset[int] | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def narrow(self, name: str, numbers: frozenset[int]) -> None:
        """Both what was asked before and this."""
        old: frozenset[int] | None = getattr(self, name)
        setattr(self, name, numbers if old is None else old & numbers)

    def fits(self, row: Row) -> bool:
        """What SQL has not looked at."""
        if self.results is not None and row.result not in self.results:
            return False
        return all(self._names(row, wanted) for wanted in self.entities)

    def _names(self, row: Row, wanted: frozenset[str]) -> bool:
        return not wanted.isdisjoint(f"{row.type}/{id}" for id in row.ids)


def read(parameters: Sequence[tuple[str, str]]) -> Question:
    """The question of search parameters. Raises Problem 400 for what is not offered or not understood."""
    question = Question()
    for name, value in parameters:
        reader = _READERS.get(name)
        if reader is None:
            raise problem(400, "not-supported", f"the log is searched by {_OFFERED}", name[:64])
        reader(question, value)
        if name != "_before":
            question.asked.append((name, value))
    return question


def _reference(type_name: str, value: str, name: str) -> frozenset[str]:
    found = {one if "/" in one else f"{type_name}/{one}" for one in value.split(",") if one}
    if not found or not all(one.count("/") == 1 for one in found):
        raise problem(400, "value", "references are Type/id of this record", name)
    return frozenset(found)


def _keys(names: frozenset[str]) -> frozenset[int]:
    return frozenset(map(key64, names))


def _patient(question: Question, value: str) -> None:
    question.narrow("patients", _keys(_reference("Patient", value, "patient")))


def _agent(question: Question, value: str) -> None:
    question.narrow("people", _keys(_reference("Practitioner", value, "agent")))


def _entity(question: Question, value: str) -> None:
    names = _reference("Patient", value, "entity")
    if all(one.startswith("Patient/") for one in names):
        question.narrow("patients", _keys(names))
    else:
        question.entities.append(names)


def _date(question: Question, value: str) -> None:
    prefix, text = prefixed(value)
    try:
        low, high = date_range(text.replace(" ", "+") if "T" in text else text)
    except (ValueError, OverflowError) as error:
        raise problem(400, "value", "a date is YYYY, YYYY-MM, YYYY-MM-DD or a dateTime", "date") from error
    if prefix in ("eq", "ge"):
        question.low = max(question.low, low)
    if prefix in ("gt", "sa"):
        question.low = max(question.low, high)
    if prefix in ("eq", "le"):
        question.high = min(question.high, high)
    if prefix in ("lt", "eb"):
        question.high = min(question.high, low)
    if prefix in ("ne", "ap"):
        raise problem(400, "not-supported", "the log is searched for dates with eq ge gt le lt sa eb", "date")


def _action(question: Question, value: str) -> None:
    wanted = set(value.split(","))
    question.narrow("acts", frozenset(int(act) for act, kind in KINDS.items() if kind.action in wanted))


def _type(question: Question, value: str) -> None:
    question.narrow("acts", frozenset(int(act) for one in value.split(",") for act in of_code(one)))


def _outcome(question: Question, value: str) -> None:
    question.narrow("results", frozenset(int(_OUTCOMES[one]) for one in value.split(",") if one in _OUTCOMES))


def _id(question: Question, value: str) -> None:
    found = [number_of(one) for one in value.split(",")]
    question.narrow("seqs", frozenset(one for one in found if one is not None))


def _count(question: Question, value: str) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > 6:
        raise problem(400, "value", "_count is a whole number", "_count")
    question.count = max(1, min(int(value), MOST))


def _sort(_: Question, value: str) -> None:
    if value != "-date":
        raise problem(400, "not-supported", "the log comes newest first: _sort=-date", "_sort")


def _before(question: Question, value: str) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise problem(400, "value", "this is no page link of this server", "_before")
    question.before = int(value)


_READERS = {
    "patient": _patient,
    "agent": _agent,
    "entity": _entity,
    "date": _date,
    "action": _action,
    "type": _type,
    "subtype": _type,
    "outcome": _outcome,
    "_id": _id,
    "_count": _count,
    "_sort": _sort,
    "_before": _before,
}


def number_of(id: str) -> int | None:
    """The row that an AuditEvent's id names (log-17), None for what is no such id."""
    digits = id.removeprefix("log-")
    return int(digits) if digits != id and digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


class _Sql:
    """Conditions that grow with their arguments."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.args: list[Any] = []

    def mark(self, value: Any) -> str:
        self.args.append(value)
        return f"${len(self.args)}"

    def among(self, column: str, numbers: frozenset[int]) -> str:
        mark = self.mark(many(sorted(numbers), self._dialect))
        if self._dialect == "postgresql":
            return f"{column} = ANY({mark}::int8[])"
        return f"{column} IN (SELECT value FROM json_each({mark}))"  # noqa: S608 - a column and a placeholder


def statement(question: Question, reach: Reach, dialect: Dialect, limit: int) -> tuple[str, list[Any]]:
    """The newest rows of a question that lie within reach, at most `limit`, and the arguments."""
    sql = _Sql(dialect)
    where = [f"l.seq < {sql.mark(question.before)}"]
    patients, people = _within(question, reach)
    if patients is not None:
        among = sql.among("p.patient", patients)
        where.append(f"l.seq IN (SELECT p.seq FROM log_patient p WHERE {among})")  # noqa: S608 - placeholders only
    for column, numbers in (("l.person", people), ("l.act", question.acts), ("l.seq", question.seqs)):
        if numbers is not None:
            where.append(sql.among(column, numbers))
    if question.low > -FIRST:
        where.append(f"l.moment >= {sql.mark(question.low)}")
    if question.high < FIRST:
        where.append(f"l.moment < {sql.mark(question.high)}")
    text = f"SELECT l.seq, l.body FROM log l WHERE {' AND '.join(where)} ORDER BY l.seq DESC LIMIT {limit:d}"  # noqa: S608
    return text, sql.args


def _within(question: Question, reach: Reach) -> tuple[frozenset[int] | None, frozenset[int] | None]:
    """The patients and people of the question that lie within reach."""
    patients, people = question.patients, question.people
    if reach.everything:
        return patients, people
    if reach.people:
        return patients, reach.people if people is None else people & reach.people
    return reach.patients if patients is None else patients & reach.patients, people
