"""The FROM and WHERE of a selection: one index to begin with, everything else asked of each row that it gives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from felles.record import definition
from felles.record.index.choice import promoted
from felles.record.search.condition import (
    Both,
    Chained,
    Condition,
    Dates,
    Either,
    Keys,
    Listed,
    References,
    Reverse,
    Seen,
    Selection,
    Tokens,
    Updated,
)
from felles.record.search.sight import Sight
from felles.record.search.sql.dialect import Writing, terms
from felles.record.search.sql.estimate import EVERYTHING, PROMOTED, estimate
from felles.record.search.sql.probe import Probing, listed, probe, union
from felles.record.search.sql.seen import seen
from felles.record.search.sql.source import codes, source

FEW = 5_000


@dataclass(slots=True)
class Found:
    """`tables` and `where` give rows of which `at` has date, rid and patient, and `row` is the resource row.

    `unique`: each resource once. `sorted`: the rows already come in the wanted order of dates. `few`: so few rows that
    it pays to name them to others. `patient`: the key of the patient whom all are about.
    """

    tables: str
    where: list[str]
    at: str
    row: str
    unique: bool
    sorted: bool = False
    few: bool = False
    patient: int | None = None

    @property
    def condition(self) -> str:
        return " AND ".join(self.where)


@dataclass(slots=True)
class _Start:
    """Where the reading of rows begins, and which conditions that already settles."""

    tables: str
    where: list[str]
    at: str
    settled: tuple[Condition, ...]
    unique: bool = True
    sorted: bool = False
    row: str = ""


def select(
    selection: Selection, writing: Writing, *, row: bool, newest: bool | None = None, whom: bool = False
) -> Found:
    """The rows of a selection. `row`: the resource row is needed, not only date and rid. `newest`: they are wanted
    by their carried date alone, newest (True) or oldest first. `whom`: `at` must have the patient."""
    conditions = merged(selection.conditions)
    start = _start(selection.types, conditions, _Wanted(writing, newest, whom))
    name = start.row or writing.alias("r")
    patient = _patient(conditions)
    probing = Probing(start.at, name, writing, keys, referring, patient)
    asked = [_asked(one, selection.types, probing) for one in conditions if not any(one is d for d in start.settled)]
    where = [*start.where, *asked]
    tables = start.tables
    if not start.row and (row or any(f"{name}." in one for one in asked)):
        tables += f" {writing.join} resource {name} ON {name}.rid = {start.at}.rid"
    few = bool(start.settled) and min(map(estimate, conditions)) <= FEW
    return Found(tables, where, start.at, name, start.unique, start.sorted, few, patient)


def _asked(condition: Condition, types: tuple[str, ...], probing: Probing) -> str:
    if isinstance(condition, Seen):
        return seen(condition.sight, [definition.type_number(name) for name in types], probing)
    return probe(condition, probing)


def _patient(conditions: list[Condition]) -> int | None:
    """The key of the one patient whom all resources must be about."""
    for one in conditions:
        if isinstance(one, References) and one.subject and len(one.targets) == 1:
            return one.targets[0]
    return None


def visible(sight: Sight, row: str, types: Sequence[int], writing: Writing) -> str:
    """The condition on a row of `resource`, or of another table that has its rid, date, patient and type."""
    return seen(sight, types, Probing(row, row, writing, keys, referring))


def keys(selection: Selection, writing: Writing) -> str:
    """The SELECT of the keys of a selection."""
    found = select(selection, writing, row=True)
    return f"SELECT {found.row}.key FROM {found.tables} WHERE {found.condition}"


def referring(reverse: Reverse, writing: Writing) -> str:
    """The SELECT of the keys that the resources of a _has refer to."""
    found = select(reverse.inner, writing, row=False, whom=reverse.subject)
    x = writing.alias("x")
    if reverse.subject:
        about = (
            f"EXISTS (SELECT 1 FROM reference_index {x} WHERE {terms(f'{x}.term', reverse.terms)}"
            f" AND {x}.target = {writing.outer(found.at)}.patient AND {x}.date = {writing.outer(found.at)}.date"
            f" AND {x}.rid = {writing.outer(found.at)}.rid{writing.fence})"
        )
        return f"SELECT {found.at}.patient FROM {found.tables} WHERE {found.condition} AND {about}"
    inner = f"SELECT {found.at}.rid FROM {found.tables} WHERE {found.condition}"
    return (
        f"SELECT {x}.target FROM reference_index {x} WHERE {terms(f'{x}.term', reverse.terms)}"
        f" AND {writing.outer(x)}.rid IN ({inner})"
    )


def _flat(conditions: Iterable[Condition]) -> list[Condition]:
    return list(chain(*(_flat(one.conditions) if isinstance(one, Both) else [one] for one in conditions)))


def merged(given: Iterable[Condition]) -> list[Condition]:
    """All that must hold, one by one. Conditions on one date that a resource has at most once become one, so that
    one index range answers them."""
    dates: dict[tuple[int, ...], Dates] = {}
    others: list[Condition] = []
    for one in _flat(given):
        if isinstance(one, Dates) and one.single:
            before = dates.get(one.terms)
            dates[one.terms] = replace(before, groups=before.groups + one.groups) if before else one
        else:
            others.append(one)
    return [*others, *dates.values()]


def scanned(selection: Selection) -> bool:
    """Whether no index narrows the selection down."""
    return all(estimate(one) >= EVERYTHING for one in merged(selection.conditions))


@dataclass(slots=True)
class _Wanted:
    """What the rows of a start are for."""

    writing: Writing
    newest: bool | None
    whom: bool

    @property
    def columns(self) -> str:
        """What a subquery must give. The patient stands outside the index and costs a look at the row."""
        return "rid, date, patient" if self.whom else "rid, date"

    @property
    def down(self) -> str:
        return " DESC" if self.newest else ""


def _start(types: tuple[str, ...], conditions: list[Condition], wanted: _Wanted) -> _Start:
    writing = wanted.writing
    best = min(conditions, key=estimate, default=None)
    guess = estimate(best) if best is not None else EVERYTHING
    pair = _promoted(types, conditions) if guess > PROMOTED else None
    if pair is not None:
        return _by_patient(*pair, wanted)
    if isinstance(best, Dates) and best.carried and wanted.newest is not None and guess > FEW:
        return _by_date(best, writing, wanted.newest)
    if best is not None and guess < EVERYTHING:
        started = _begin(best, types, wanted)
        if started is not None:
            return started
    r = writing.alias("r")
    return _Start(f"resource {r}", [_live(r, types, writing)], r, (), row=r)


def _live(r: str, types: tuple[str, ...], writing: Writing) -> str:
    numbers = [definition.type_number(name) for name in types]
    if len(numbers) == len(definition.RESOURCE_TYPES):
        return f"{r}.deleted = 0"
    return f"{r}.deleted = 0 AND {terms(f'{r}.type', numbers)}"


def _begin(condition: Condition, types: tuple[str, ...], wanted: _Wanted) -> _Start | None:
    writing = wanted.writing
    match condition:
        case Keys():
            return _by_key(condition, lambda d: writing.among(f"{d}.key", condition.keys), writing)
        case Listed():
            within = listed(condition, writing, keys)
            start = _by_key(condition, lambda d: f"{d}.key IN ({within})", writing)
            start.where.append(_live(start.at, types, writing))
            return start
        case Reverse():
            within = referring(condition, writing)
            start = _by_key(condition, lambda d: f"{d}.key IN ({within})", writing)
            start.where.append(_live(start.at, types, writing))
            return start
        case Updated():
            return None
        case Either():
            return _by_either(condition, wanted)
        case _:
            return _by_index(condition, wanted)


def _by_key(condition: Condition, where: Callable[[str], str], writing: Writing) -> _Start:
    d, r = writing.alias("d"), writing.alias("r")
    tables = f"directory {d} {writing.join} resource {r} ON {r}.rid = {d}.rid"
    return _Start(tables, [where(d), f"{r}.deleted = 0"], r, (condition,), row=r)


def _by_index(condition: Condition, wanted: _Wanted) -> _Start | None:
    writing = wanted.writing
    found = source(condition, writing, keys)
    if found is None:
        return None
    if len(found.arms) == 1:
        return _alone(found.table, found.arms[0], (condition,), found.unique, wanted)
    i, rows = writing.alias("i"), union(found, wanted.columns, writing)
    return _Start(f"({rows}) {i}", ["1 = 1"], i, (condition,), found.unique)


def _alone(table: str, arm: str, settled: tuple[Condition, ...], unique: bool, wanted: _Wanted) -> _Start:
    """One range of one index. Where it may give a resource twice, PostgreSQL is to see that before it joins."""
    i = wanted.writing.alias("i")
    if unique or wanted.writing.dialect == "sqlite":
        return _Start(f"{table} {i}", [arm.replace("{x}", i)], i, settled, unique)
    x = wanted.writing.alias("x")
    columns = ", ".join(f"{x}.{column}" for column in reversed(wanted.columns.split(", ")))
    rows = f"SELECT DISTINCT {columns} FROM {table} {x} WHERE {arm.replace('{x}', x)}"
    if wanted.newest is not None:
        rows += f" ORDER BY {x}.date{wanted.down}, {x}.rid{wanted.down}"
    return _Start(f"({rows}) {i}", ["1 = 1"], i, settled)


def _by_date(dates: Dates, writing: Writing, newest: bool) -> _Start:
    """Rows in the order of their dates (`same` is the date once more, as the index has it), the spans merged.

    SQLite wants the order said inside, and leaves it away in a joined subquery unless there is a LIMIT.
    """
    found = source(dates, writing, keys)
    assert found is not None  # noqa: S101
    i, down = writing.alias("i"), " DESC" if newest else ""
    rows = union(found, "rid, low AS date, high, date AS same", writing)
    if writing.dialect == "sqlite":
        rows += f" ORDER BY date{down}, high{down}, same{down}, rid{down} LIMIT -1"
    return _Start(f"({rows}) {i}", ["1 = 1"], i, (dates,), True, True)


def _by_either(condition: Either, wanted: _Wanted) -> _Start | None:
    writing = wanted.writing
    rows = []
    for one in condition.conditions:
        if isinstance(one, Keys):
            rows.append(_keyed(one, wanted))
            continue
        found = source(one, writing, keys)
        if found is None:
            return None
        rows.append(union(found, wanted.columns, writing))
    i = writing.alias("i")
    return _Start(f"({' UNION ALL '.join(rows)}) {i}", ["1 = 1"], i, (condition,), False)


def _keyed(condition: Keys, wanted: _Wanted) -> str:
    start = _by_key(condition, lambda d: wanted.writing.among(f"{d}.key", condition.keys), wanted.writing)
    columns = ", ".join(f"{start.at}.{column}" for column in wanted.columns.split(", "))
    return f"SELECT {columns} FROM {start.tables} WHERE {' AND '.join(start.where)}"


def _promoted(types: tuple[str, ...], conditions: list[Condition]) -> tuple[References | Chained, Tokens] | None:
    """A patient and a token that the per-patient index holds."""
    if len(types) != 1:
        return None
    whom = next((one for one in conditions if isinstance(one, References | Chained) and one.subject), None)
    held = promoted(types[0])
    tokens = [
        one
        for one in conditions
        if isinstance(one, Tokens) and len(one.terms) == 1 and one.terms[0] in held and _coded(one)
    ]
    return (whom, min(tokens, key=estimate)) if whom is not None and tokens else None


def _coded(tokens: Tokens) -> bool:
    return bool(tokens.values) and all(code is not None for code, _ in tokens.values)


def _by_patient(whom: References | Chained, tokens: Tokens, wanted: _Wanted) -> _Start:
    writing = wanted.writing
    if isinstance(whom, References):
        patient = writing.among("{x}.patient", whom.targets)
    else:
        patient = f"{{x}}.patient IN ({keys(whom.inner, writing)})"
    asked = [(code, system) for code, system in tokens.values if code is not None]
    arm = f"{patient} AND {terms('{x}.term', tokens.terms)} AND {codes(asked, '{x}', writing)}"
    return _alone("patient_index", arm, (whom, tokens), len(asked) == 1 and asked[0][1] is not None, wanted)
