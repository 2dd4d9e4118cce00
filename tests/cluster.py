"""A private PostgreSQL cluster for each process of a test session: durable as in production, on a Unix socket only.

Each has its own because the change feed waits for the oldest open transaction of the whole cluster.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import asyncpg

OLDEST = 15
INITIAL = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=nb-NO")
"""Norwegian order of letters, as a Norwegian region's database has it: nothing may lean on the order of bytes."""
OPTIONS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
}


GUARD = """
while kill -0 "$1" 2>/dev/null; do sleep 1; done
[ -e "$2/data/postmaster.pid" ] && kill -QUIT "$(head -n 1 "$2/data/postmaster.pid")"
sleep 1; rm -rf "$2"
"""
"""Stops the server of a process that was killed and could not do it itself."""


class Missing(Exception):
    """There is no PostgreSQL server program of a fitting version here."""


def programs() -> Path:
    """The newest folder of PostgreSQL server programs, of version 15 or later; Missing where there is none."""
    found = [(version(place), place) for place in candidates() if (place / "initdb").exists()]
    fitting = [(number, place) for number, place in found if number >= OLDEST]
    if not fitting:
        raise Missing(f"PostgreSQL {OLDEST} or later is not installed (apt-get install postgresql)")
    return max(fitting)[1]


def candidates() -> list[Path]:
    """Debian's folders of server programs, and the one that `initdb` on PATH lies in."""
    places = list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    return [*places, Path(on_path).parent] if on_path else places


def version(place: Path) -> int:
    """The main version of the programs in a folder; 0 if they do not say."""
    said = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"(\d+)", said.stdout)
    return int(number.group(1)) if number else 0


def owner() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root, so root lends it another account."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"


class Cluster:
    """A running cluster in a new directory with a short name: a socket's path may hold 107 bytes."""

    def __init__(self) -> None:
        """Make and start it; returns when it answers. Raises Missing where there is no server program."""
        there = programs()
        self.place = Path(tempfile.mkdtemp(prefix="felles-pg-"))
        self.data = self.place / "data"
        account = owner()
        if account:
            shutil.chown(self.place, account)
        self.run([there / "initdb", "-D", self.data, "-U", "felles", *INITIAL])
        settings = " ".join(f"-c {name}='{value}'" for name, value in OPTIONS.items())
        options = f"{settings} -c unix_socket_directories='{self.place}'"
        self.run([there / "pg_ctl", "-D", self.data, "-w", "-l", self.place / "log", "-o", options, "start"])
        self.guard()

    def guard(self) -> None:
        """Have somebody look to it that the server does not outlive this process."""
        quiet = subprocess.DEVNULL
        words = ["sh", "-c", GUARD, "guard", str(os.getpid()), str(self.place)]
        self.guardian = subprocess.Popen(
            words, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True
        )

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://felles@/{database}?host={self.place}"

    def remove(self) -> None:
        """Stop the server and take its directory away."""
        self.guardian.kill()
        self.guardian.wait()
        self.run([programs() / "pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop"])
        shutil.rmtree(self.place, ignore_errors=True)

    def create(self) -> str:
        """Make a new empty database; returns its name."""
        name = f"t{uuid.uuid4().hex}"
        self.command(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.command(f"DROP DATABASE {name} WITH (FORCE)")

    def command(self, statement: str) -> None:
        """Execute one statement as the cluster's owner."""

        async def execute() -> None:
            connection = await asyncpg.connect(self.url("postgres"))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(execute())

    def run(self, command: Sequence[str | Path]) -> None:
        """Run a server program as the account that may, without leaving it our output channels."""
        account = owner()
        words = ["setpriv", f"--reuid={account}", "--clear-groups", "--"] if account else []
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [*words, *command], stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", check=False
            )
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{command[0]}: {said.read().decode(errors='replace')}")
