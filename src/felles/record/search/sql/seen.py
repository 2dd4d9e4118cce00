"""Whether the one who asks may see a resource row: the same condition for matches, chains, includes and histories."""

from collections.abc import Sequence

from felles.record.search.condition import Condition, OfPatients
from felles.record.search.sight import Hidden, Sight
from felles.record.search.sql.dialect import terms
from felles.record.search.sql.probe import Probing, probe


def seen(sight: Sight, types: Sequence[int], probing: Probing) -> str:
    """The SQL condition on the resource row `probing.row`, which is of one of `types` (numbers).

    Of what has been deleted the index tells nothing any more: it is not there where more must be known than its type
    and patient.
    """
    allowed = [number for number in types if sight.types is None or number in sight.types]
    if not allowed:
        return "1 = 0"
    asked = [] if len(allowed) == len(types) else [terms(f"{probing.row}.type", allowed)]
    if sight.patients is not None:
        asked.append(_of_patients(sight.patients, probing))
    if sight.loose is not None and not sight.loose.issuperset(allowed):
        asked.append(_concerning(sight.loose, probing))
    asked += [_limited(number, one, probing) for number, one in sight.limits.items() if number in allowed]
    asked += [_not_hidden(one, probing) for one in sight.hidden]
    return " AND ".join(asked) or "1 = 1"


def _of_patients(patients: frozenset[int], probing: Probing) -> str:
    """Of one of these patients, or of no single one and then of nobody else."""
    row, writing = probing.row, probing.writing
    c = writing.alias("c")
    others = (
        f"SELECT 1 FROM concern_index {c} WHERE {c}.rid = {row}.rid AND NOT {writing.hashed(f'{c}.whom', patients)}"
    )
    return f"({writing.hashed(f'{row}.patient', patients)} OR ({row}.patient = 0 AND NOT EXISTS ({others})))"


def _concerning(loose: frozenset[int], probing: Probing) -> str:
    """Of some patient, or of a type that may be seen without."""
    row, c = probing.row, probing.writing.alias("c")
    somebody = f"EXISTS (SELECT 1 FROM concern_index {c} WHERE {c}.rid = {row}.rid)"
    return f"({row}.patient <> 0 OR {terms(f'{row}.type', sorted(loose))} OR {somebody})"


def _limited(number: int, condition: Condition, probing: Probing) -> str:
    return f"({probing.row}.type <> {number} OR ({probing.row}.deleted = 0 AND {probe(condition, probing)}))"


def _not_hidden(hidden: Hidden, probing: Probing) -> str:
    of: Condition | None = OfPatients(frozenset((hidden.patient,))) if hidden.patient else None
    parts = [probe(of, probing)] if of is not None else []
    if hidden.condition is not None:
        parts.append(f"({probing.row}.deleted <> 0 OR {probe(hidden.condition, probing)})")
    return f"NOT ({' AND '.join(parts) or '1 = 1'})"
