"""Free times dealt out by deadline: whom no way of dealing them out would help."""

from hypothesis import given
from hypothesis import strategies as st

from felles.clerical.capacity import without

MOMENTS = st.lists(st.integers(0, 30), max_size=12).map(sorted)


def helped(deadlines: list[int], starts: list[int]) -> int:
    """The most that can get a time before their deadline, by trying each augmenting path (a bipartite matching)."""
    taken: dict[int, int] = {}

    def place(person: int, seen: set[int]) -> bool:
        for slot, start in enumerate(starts):
            if start < deadlines[person] and slot not in seen:
                seen.add(slot)
                if slot not in taken or place(taken[slot], seen):
                    taken[slot] = person
                    return True
        return False

    return sum(place(person, set()) for person in range(len(deadlines)))


@given(MOMENTS, MOMENTS)
def test_as_few_are_left_as_can_be(deadlines: list[int], starts: list[int]) -> None:
    left = without(deadlines, starts, 30)
    assert len(deadlines) - len(left) == helped(deadlines, starts)


def test_whoever_lies_beyond_the_open_calendar_is_not_judged() -> None:
    assert without([5, 6, 40], [1], 30) == [1]
    assert without([5, 6], [], 3) == []
