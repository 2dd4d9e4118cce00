"""Segments and rows: what was told is read back, whatever a crash has left at the end."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from felles.access.audit.row import Act, What, Why, decode, encode, names, parted, row
from felles.access.audit.segment import MAGIC, Segment, frame, frames, is_held, rows_from, segments
from felles.access.who import Kind, Purpose, Role, Who

ROWS = st.lists(st.binary(min_size=1, max_size=200), max_size=12)
WHO = Who(
    "Practitioner/kari",
    "Kari Nordmann",
    Kind.STAFF,
    Role("PractitionerRole/kari-ort", "Organization/ort", "LE"),
    party="Organization/st-olav",
    purpose=Purpose.TREATMENT,
    session="s1",
    client="felles",
)


@given(ROWS, st.integers(0, 3_000))
def test_a_cut_file_gives_the_rows_that_are_whole(rows: list[bytes], cut: int) -> None:
    data = b"".join(map(frame, rows))
    whole = list(frames(data[:cut]))
    assert [one for one, _ in whole] == rows[: len(whole)]
    assert len(data) > cut or [one for one, _ in whole] == rows
    assert all(len(b"".join(map(frame, rows[: place + 1]))) == end for place, (_, end) in enumerate(whole))


@given(ROWS.filter(bool), st.data())
def test_a_damaged_byte_ends_the_rows(rows: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(frame, rows)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    found = [one for one, _ in frames(bytes(whole))]
    assert found == rows[: len(found)] and len(found) < len(rows)


def test_a_segment_is_held_while_its_maker_lives_and_read_from_any_row(tmp_path: Path) -> None:
    segment = Segment(tmp_path)
    segment.append([b"one", b"two"])
    segment.append([b"three"])
    assert segments(tmp_path) == [segment.path] and is_held(segment.path)
    all_rows = list(rows_from(segment.path, 0))
    assert [one for one, _ in all_rows] == [b"one", b"two", b"three"]
    assert [one for one, _ in rows_from(segment.path, all_rows[0][1])] == [b"two", b"three"]
    assert segment.path.stat().st_mode & 0o777 == 0o600 and segment.path.read_bytes().startswith(MAGIC)
    segment.close()
    assert not is_held(segment.path)


def test_a_row_says_who_in_which_role_for_whom_and_why() -> None:
    told = row(
        5,
        WHO,
        Act.SEARCH,
        patients=[3, 1, 3],
        what=What("Observation", count=40, parameters=["patient", "code", "code"]),
        why=Why("encounter", "d1"),
    )
    again = decode(encode(told))
    assert again == told
    assert (again.person, again.role, again.authorization) == ("Practitioner/kari", "PractitionerRole/kari-ort", "LE")
    assert (again.department, again.legal_entity, again.purpose) == (
        "Organization/ort",
        "Organization/st-olav",
        "TREAT",
    )
    assert (again.patients, again.count, again.ids, again.parameters) == ([1, 3], 40, [], ["code", "patient"])
    assert "Nordmann" not in str(told)


def test_what_is_no_name_of_a_parameter_is_not_kept() -> None:
    assert names(["name", "Ola Nordmann", "x" * 65, "_has:Observation:patient:code"]) == [
        "?",
        "_has:Observation:patient:code",
        "name",
    ]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3_000, unique=True))
def test_rows_of_many_patients_name_each_once(patients: list[int]) -> None:
    parts = list(parted(row(1, WHO, Act.EXPORT, patients=patients)))
    assert sorted(one for part in parts for one in part.patients) == sorted(patients)
    assert all(len(part.patients) <= 1_000 for part in parts) and parts
