"""A real `felles serve` in a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FELLES = Path(sys.executable).with_name("felles")
PATIENCE = 90.0
"""Seconds until a server must have said where it listens."""


@contextmanager
def serving(store: str, port: int = 0, log: int | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server over `store`: its address (http://localhost:NNNN) and its process, which leads a process group of its
    own; stopped at the end with all that is left of the group. `log`: a file descriptor for its standard error."""
    process = subprocess.Popen(
        [FELLES, "serve", "--store", store, "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, **places(store), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    try:
        yield address(process), process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdout:
            process.stdout.close()


def places(store: str) -> dict[str, str]:
    """Where a store in PostgreSQL keeps its keys and log: a folder of this test run."""
    if "://" not in store:
        return {}
    folder = Path(tempfile.gettempdir()) / f"felles-test-{os.getpid()}-{store.rpartition('/')[2].partition('?')[0]}"
    return {"FELLES_KEYS": f"{folder}-keys", "FELLES_LOG": f"{folder}-log"}


def token(store: str) -> str:
    """A bearer token for everything, as scripts on this machine get one."""
    asked = ["--scope", "system/*.cruds", "--purpose", "tests of the record"]
    words: list[str | Path] = [FELLES, "token", "--store", store, *asked]
    said = subprocess.run(words, env={**os.environ, **places(store)}, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return str(said.stdout.strip())


def address(process: subprocess.Popen[bytes]) -> str:
    """What the server prints when it listens. Raises RuntimeError with what it said instead."""
    assert process.stdout
    said = b""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        ready, _, _ = select.select([process.stdout], [], [], 0.2)
        piece = os.read(process.stdout.fileno(), 65_536) if ready else b""
        said += piece
        found = re.search(rb"http://[\w.\[\]:]+", said)
        if found and b"\n" in said[found.start() :]:
            return found[0].decode()
        if process.poll() is not None:
            break
    raise RuntimeError(f"felles serve did not start: {said.decode(errors='replace')}")
