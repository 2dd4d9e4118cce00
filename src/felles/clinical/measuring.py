"""A set of measurements is written as one: all of its Observations, and the score, or none."""

from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import alive, commit, staff
from felles.clinical.vitals import Taken, resources
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put


async def measure(record: Record, who: Who, patient: str, taken: Taken, now: int) -> list[str]:
    """Writes a set that was measured now. Returns the ids of the Observations. Raises Problem 403 for who is no staff,
    422 for nothing measured, the dead and a record that was merged."""
    role = staff(who)
    await alive(record, patient)
    if not taken.numbers and taken.mind is None:
        raise problem(422, "required", "nothing was measured", "Observation.value")
    frame: dict[str, Any] = {
        "subject": {"reference": patient}, "effectiveDateTime": instant(now), "performer": [{"reference": role}],
    }  # fmt: skip
    made = [{**one, "id": new_id()} for one in resources(taken, frame)]
    await commit(record, [Put(one) for one in made], [])
    return [str(one["id"]) for one in made]
