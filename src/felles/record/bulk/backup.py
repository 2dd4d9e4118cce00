"""A consistent copy of the store in one file while others write, with its checksum beside it; and the way back."""

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import apsw
import asyncpg

from felles.record.bulk.export import private
from felles.record.store.snapshot import is_region, snapshot
from felles.record.store.sqlite import connect
from felles.record.store.writer import StoreLocked

PAGES = 2_000
"""Pages that are copied before others of this process get their turn."""
Moved = Callable[[float], None]
"""Told the share that is done, 0 to 1."""


class Unfit(ValueError):
    """The copy or the target is not what it must be."""


async def backup(address: str, file: Path, moved: Moved = lambda _: None) -> str:
    """Copies the store to `file`, which must not exist. Returns its SHA-256, also kept in `file`.sha256."""
    async with snapshot(address):
        part = _begin(file)
    try:
        if is_region(address):
            await _run(address, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")
        else:
            await _copy(Path(address), part, moved)
        return _finish(part, file)
    finally:
        part.unlink(missing_ok=True)


def _begin(file: Path) -> Path:
    """An empty file for this user alone, before anything is in it."""
    if file.exists():
        raise Unfit(f"{file} exists already")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    with private(part):
        return part


def _finish(part: Path, file: Path) -> str:
    digest = _digest(part)
    _checksum(file).unlink(missing_ok=True)
    with private(_checksum(file)) as beside:
        beside.write(f"{digest}  {file.name}\n".encode())
    part.rename(file)
    _sync(file)
    return digest


def _checksum(file: Path) -> Path:
    return file.with_name(file.name + ".sha256")


async def _copy(path: Path, part: Path, moved: Moved) -> None:
    """The backup works inside one read transaction, so that it never begins anew however much is written."""
    source, target = connect(path, readonly=True), apsw.Connection(str(part))
    try:
        source.execute("BEGIN; SELECT count(*) FROM store").fetchall()
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(PAGES)
                moved(1 - copying.remaining / max(copying.page_count, 1))
                await asyncio.sleep(0)
        target.pragma("journal_mode", "delete")
    finally:
        target.close()
        source.close()


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(file: Path) -> None:
    """The file and its name are on the disk."""
    for place in (file, file.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def restore(file: Path, address: str, *, replace: bool = False) -> None:
    """Makes a store of a copy. Raises Unfit when the copy is damaged, or the target holds something and `replace` is
    not given; StoreLocked when the target is in use."""
    beside = _checksum(file)
    if beside.exists() and beside.read_text().split()[:1] != [_digest(file)]:
        raise Unfit(f"{file} is damaged: its checksum is not the one in {beside.name}")
    _same_engine(file, address)
    if is_region(address):
        await _restore_region(file, address, replace)
    else:
        _restore_file(file, Path(address), replace)


_BEGINNINGS = {b"SQLite format 3": False, b"PGDMP": True}
"""What a backup of each engine begins with, and whether that is PostgreSQL."""


def _same_engine(file: Path, address: str) -> None:
    """Raises Unfit for what is no backup at all, and for one of the other engine."""
    with file.open("rb") as opened:
        head = opened.read(16)
    of_region = next((region for begins, region in _BEGINNINGS.items() if head.startswith(begins)), None)
    if of_region is None:
        raise Unfit(f"{file} is no backup of a Felles store")
    if of_region != is_region(address):
        own, other = ("PostgreSQL", "an embedded store") if of_region else ("an embedded store", "PostgreSQL")
        between = "postgresql://.../EMPTY" if of_region else "BETWEEN.db"
        raise Unfit(
            f"{file} is a backup of {own} and cannot become {other} as it is. What carries its current versions over: "
            f"(1) felles restore {file} --store {between}  (2) felles export FOLDER --store {between}  "
            "(3) felles import FOLDER with the --store that is wanted. Earlier versions, the ledger, accounts and the "
            "access log stay in the backup: keep it"
        )


def _restore_file(file: Path, path: Path, replace: bool) -> None:
    _sound(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists() and not replace and not _empty(path):
            raise Unfit(f"{path} holds a store already: restore elsewhere, or give --replace")
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        with private(part) as target, file.open("rb") as source:
            shutil.copyfileobj(source, target, 1 << 20)
        for ending in ("-wal", "-shm", "-pages", "-pages-wal", "-pages-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        part.rename(path)
        _sync(path)
    except BlockingIOError as error:
        raise StoreLocked(f"{path} is being written by another process; stop it first") from error
    finally:
        os.close(lock)


def _sound(file: Path) -> None:
    try:
        connection = apsw.Connection(
            f"file:{quote(str(file))}?immutable=1", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        try:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()
            known = connection.pragma("user_version")
        finally:
            connection.close()
    except apsw.Error as error:
        raise Unfit(f"{file} is no backup of a Felles store: {error}") from error
    if said != ("ok",) or not known:
        raise Unfit(f"{file} is no sound backup of a Felles store")


def _empty(path: Path) -> bool:
    if path.stat().st_size == 0:
        return True
    connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READONLY)
    try:
        return connection.execute("SELECT 1 FROM change LIMIT 1").fetchone() is None
    finally:
        connection.close()


async def _restore_region(file: Path, address: str, replace: bool) -> None:
    connection = await asyncpg.connect(address)
    try:
        held = not await connection.fetchval("SELECT to_regclass('store') IS NULL")
        if held and not replace and await connection.fetchval("SELECT EXISTS (SELECT 1 FROM change)"):
            raise Unfit("the database holds a store already: restore into another, or give --replace")
    finally:
        await connection.close()
    clean = ("--clean", "--if-exists") if held else ()
    await _run(address, "pg_restore", *clean, "--no-owner", "--no-privileges", "--single-transaction", str(file))
    await _renumber(address)


_ORDERED = "SELECT seq, row_number() OVER (ORDER BY xid, seq) AS rank FROM change"
_RENUMBER = (
    "ALTER TABLE change ALTER COLUMN seq SET GENERATED BY DEFAULT",
    f"CREATE TEMP TABLE ranked ON COMMIT DROP AS {_ORDERED}",
    "CREATE TEMP TABLE moved ON COMMIT DROP AS SELECT name, (SELECT count(*) FROM change "
    "WHERE (change.xid, change.seq) <= (cursor.xid, cursor.position)) AS place FROM cursor WHERE cursor.xid <> '0'",
    "UPDATE change SET seq = -ranked.rank, xid = '1' FROM ranked WHERE ranked.seq = change.seq",
    "UPDATE change SET seq = -seq",
    "UPDATE cursor SET xid = '1', position = moved.place FROM moved WHERE moved.name = cursor.name",
    "SELECT setval(pg_get_serial_sequence('change', 'seq'), (SELECT coalesce(max(seq), 0) + 1 FROM change), false)",
    "ALTER TABLE change ALTER COLUMN seq SET GENERATED ALWAYS",
)


async def _renumber(address: str) -> None:
    """Transaction numbers of another cluster mean nothing here: the feed is numbered anew in the order it had, before
    everything to come, and each worker's cursor stays between the same two changes."""
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            for statement in _RENUMBER:
                await connection.execute(statement)
    finally:
        await connection.close()


async def _run(address: str, program: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL's on a database. The password goes by the environment: others see arguments."""
    found = shutil.which(program)
    if found is None:
        raise Unfit(
            f"{program} is needed for a PostgreSQL store and is not on PATH (apt-get install postgresql-client)"
        )
    parts = urlsplit(address)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")))
    secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    process = await asyncio.create_subprocess_exec(
        found,
        *(f"--dbname={bare}", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **secret},
    )
    _, said = await process.communicate()
    if process.returncode:
        raise Unfit(f"{program} failed: {said.decode(errors='replace').strip()[:500]}")
