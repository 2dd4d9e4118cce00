"""Whatever is done to a sealed log by hand, the verification finds it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from felles.access.audit.chain import START, link
from felles.access.audit.log import lines
from felles.access.audit.place import Place
from felles.access.audit.row import Act, encode
from felles.access.audit.sealer import Sealer
from tests.audit import TRIGGERS, faults, logged, place_in, row

ROWS, SEALS = 24, 6
NUMBER = st.integers(1, ROWS)
MUTATION = st.one_of(
    st.tuples(st.just("byte"), NUMBER, st.integers(0, 10_000), st.integers(1, 255)),
    st.tuples(st.just("hash"), NUMBER, st.integers(0, 31), st.integers(1, 255)),
    st.tuples(st.sampled_from(["moment", "person", "act"]), NUMBER, st.integers(1, 1_000)),
    st.tuples(st.just("remove"), NUMBER),
    st.tuples(st.just("swap"), NUMBER, NUMBER).filter(lambda one: one[1] != one[2]),
    st.tuples(st.just("insert"), st.integers(ROWS + 1, ROWS + 9)),
    st.tuples(st.just("shift"), NUMBER),
    st.tuples(st.just("rechain"), NUMBER),
    st.tuples(st.just("cut"), st.integers(0, SEALS - 1)),
    st.tuples(st.just("unseal"), st.integers(1, SEALS)),
    st.tuples(
        st.just("seal"), st.integers(1, SEALS), st.sampled_from(["root", "signature", "key"]), st.integers(0, 31)
    ),
    st.tuples(st.just("unfind"), NUMBER),
    st.tuples(st.just("find"), NUMBER),
)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Place]:
    """A log of ROWS rows under SEALS seals."""
    folder = tmp_path_factory.mktemp("tampering")
    store = folder / "felles.db"
    place = place_in(folder, str(store))

    async def tell() -> None:
        async with logged(str(store)) as record:
            sealer = Sealer(record, place)
            for number in range(ROWS):
                await record.commit((), lines=lines(row(number + 1, act=Act.UPDATE)))
                if (number + 1) % (ROWS // SEALS) == 0:
                    await sealer.settle()

    asyncio.run(tell())
    return store, place


def flipped(data: bytes, at: int, by: int) -> bytes:
    whole = bytearray(data)
    whole[at % len(whole)] ^= by
    return bytes(whole)


class Hand:
    """Somebody who may write the whole database, but has neither the key nor the anchors."""

    def __init__(self, store: Path) -> None:
        self.file = apsw.Connection(str(store))
        for trigger in TRIGGERS:
            self.file.execute(f"DROP TRIGGER {trigger}")

    def one(self, sql: str, *args: Any) -> Any:
        return next(iter(self.file.execute(sql, args)))[0]

    def byte(self, number: int, at: int, by: int) -> None:
        self._flip("log", "body", "seq", number, at, by)

    def hash(self, number: int, at: int, by: int) -> None:
        self._flip("log", "hash", "seq", number, at, by)

    def seal(self, number: int, column: str, at: int) -> None:
        self._flip("log_seal", column, "number", number, at, 1)

    def _flip(self, table: str, column: str, key: str, number: int, at: int, by: int) -> None:
        old = self.one(f"SELECT {column} FROM {table} WHERE {key} = ?", number)
        self.file.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (flipped(old, at, by), number))

    def moment(self, number: int, by: int) -> None:
        self.file.execute("UPDATE log SET moment = moment + ? WHERE seq = ?", (by, number))

    def person(self, number: int, by: int) -> None:
        self.file.execute("UPDATE log SET person = person + ? WHERE seq = ?", (by if by else 1, number))

    def act(self, number: int, by: int) -> None:
        self.file.execute("UPDATE log SET act = act + ? WHERE seq = ?", (by, number))

    def remove(self, number: int) -> None:
        self.file.execute("DELETE FROM log WHERE seq = ?", (number,))
        self.file.execute("DELETE FROM log_patient WHERE seq = ?", (number,))

    def shift(self, number: int) -> None:
        """Removes a row and closes the gap."""
        self.remove(number)
        for later in range(number + 1, ROWS + 1):
            self.file.execute("UPDATE log SET seq = seq - 1 WHERE seq = ?", (later,))
            self.file.execute("UPDATE log_patient SET seq = seq - 1 WHERE seq = ?", (later,))

    def swap(self, one: int, other: int) -> None:
        for number, then in ((one, -1), (other, one), (-1, other)):
            self.file.execute("UPDATE log SET seq = ? WHERE seq = ?", (then, number))

    def insert(self, number: int) -> None:
        body = encode(row(number))
        before = self.one("SELECT hash FROM log WHERE seq = ?", ROWS)
        self.file.execute(
            "INSERT INTO log SELECT ?, moment, person, act, ?, ? FROM log WHERE seq = 1",
            (number, link(before, body), body),
        )

    def rechain(self, number: int) -> None:
        """Alters a row and computes all hashes after it anew, the roots of the seals too."""
        self.file.execute("UPDATE log SET body = ? WHERE seq = ?", (encode(row(500)), number))
        before = START
        for seq, body in list(self.file.execute("SELECT seq, body FROM log ORDER BY seq")):
            before = link(before, body)
            self.file.execute("UPDATE log SET hash = ? WHERE seq = ?", (before, seq))
            self.file.execute("UPDATE log_seal SET root = ? WHERE last = ?", (before, seq))

    def cut(self, keep: int) -> None:
        """Cuts the tail after a seal, and makes the end look right."""
        last = self.one("SELECT coalesce(max(last), 0) FROM log_seal WHERE number <= ?", keep)
        self.file.execute("DELETE FROM log WHERE seq > ?", (last,))
        self.file.execute("DELETE FROM log_patient WHERE seq > ?", (last,))
        self.file.execute("DELETE FROM log_seal WHERE number > ?", (keep,))
        self.file.execute("UPDATE log_head SET seq = ?, seal = ?", (last, keep))

    def unseal(self, number: int) -> None:
        self.file.execute("DELETE FROM log_seal WHERE number = ?", (number,))

    def unfind(self, number: int) -> None:
        self.file.execute("DELETE FROM log_patient WHERE seq = ?", (number,))

    def find(self, number: int) -> None:
        self.file.execute("INSERT INTO log_patient VALUES (77, ?)", (number,))


def test_every_change_by_hand_is_found(sealed: tuple[Path, Place], tmp_path: Path) -> None:
    store, place = sealed
    assert asyncio.run(faults(str(store), place)) == []
    copy = tmp_path / "copy.db"

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(MUTATION, min_size=1, max_size=1))
    @example([("rechain", 1)])
    @example([("cut", 0)])
    @example([("shift", ROWS)])
    def changed(mutations: list[tuple[Any, ...]]) -> None:
        shutil.copyfile(store, copy)
        hand = Hand(copy)
        for name, *args in mutations:
            getattr(hand, name)(*args)
        hand.file.close()
        assert asyncio.run(faults(str(copy), place)) != []

    changed()
