"""The one writer of an embedded store: takes the requests that wait, commits them as a group, answers after COMMIT."""

import contextlib
import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path

import apsw

from felles.record.store.commit import Committer
from felles.record.store.sqlite import Checkpointer, SqliteTransaction, at_once, connect, migrate
from felles.record.store.stage import Stage
from felles.record.store.write import Refused, Reply, Request

GROUP = 128
"""Requests in one COMMIT at the most."""

WAL_LIMIT_PAGES = 64_000
"""Past this the writer itself waits for the checkpoint, so that the WAL does not grow without end."""


class StoreLocked(Exception):
    """Another process is the writer of this store and does not answer."""


class Writer:
    """Holds the store's write lock from `open` to `close`."""

    def __init__(self, path: Path, committer: Committer) -> None:
        self._lock = _take_lock(path)
        try:
            self._connection = connect(path)
            migrate(self._connection)
        except BaseException:
            os.close(self._lock)
            raise
        self._tx = SqliteTransaction(self._connection, committer.lines)
        self._committer = committer
        self._last = _last_update(self._connection)
        self._wal_pages = 0
        self._checkpointer = Checkpointer(path)
        self._checkpointer.start()
        self._connection.set_wal_hook(self._on_commit)

    def _on_commit(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._checkpointer.look(pages)
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def close(self) -> None:
        """Finishes the WAL and lets go of the lock."""
        self._connection.set_wal_hook(None)
        self._checkpointer.stop()
        self._connection.close()
        os.close(self._lock)

    def execute(self, requests: Sequence[Request]) -> list[Reply]:
        """Commits the group; when its rows cannot be put down together, each request for itself."""
        if self._wal_pages > WAL_LIMIT_PAGES:
            with contextlib.suppress(apsw.BusyError):  # the checkpointer is at it: the next group asks again
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
                self._wal_pages = 0
        try:
            return self._commit(requests)
        except apsw.Error as error:
            if len(requests) == 1:
                return [Reply(refused=_refused(error))]
            return [reply for request in requests for reply in self.execute([request])]

    def _commit(self, requests: Sequence[Request]) -> list[Reply]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            stage = Stage()
            now = self._now()
            replies = [at_once(self._committer.apply(self._tx, stage, request, now)) for request in requests]
            at_once(stage.flush(self._tx))
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return replies

    def _now(self) -> int:
        """Milliseconds of the clock in microseconds; never back behind the last version."""
        self._last = max(self._last, time.time_ns() // 1_000_000 * 1_000)
        return self._last


def _last_update(connection: apsw.Connection) -> int:
    found = connection.execute("SELECT updated FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    return int(found[0]) if found else 0


def _take_lock(path: Path) -> int:
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreLocked(f"{path} is being written by another process; stop it or let it serve") from error
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # a new store is this user's alone, -wal and -shm with it
    return lock


def _refused(error: apsw.Error) -> Refused:
    if isinstance(error, apsw.FullError | apsw.IOError):
        return Refused(
            "full",
            text="the disk of the store is full or failing; nothing of this request was kept",
            status=507,
        )
    return Refused("failed", text=f"the store refused: {type(error).__name__}")
