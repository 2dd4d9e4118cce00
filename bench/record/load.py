"""Load over HTTP: `felles serve` in a process tree of its own, wrk (a C program) at the other end."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.record.cpu import of_tree

CHECKOUT = Path(__file__).resolve().parents[2]
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: requests per second, milliseconds at the 50th and 99th percentile, and the CPU of both sides."""

    rate: float
    p50: float
    p99: float
    errors: int
    done: int
    server_cpu: float
    client_cpu: float
    wall: float

    @property
    def cost(self) -> float:
        """Microseconds of server processor per request."""
        return self.server_cpu / self.done * 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(address: str) -> Iterator[tuple[str, int]]:
    """A running server without a door (the record's own speed; `access` measures the door): its address and id."""
    port = free_port()
    environment = {**os.environ, "FELLES_STORE": address, "FELLES_PORT": str(port)}
    command = [sys.executable, "-m", "bench.unguarded", "serve"]
    process = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        wait(f"{base}/fhir/Patient?_count=1", process)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until the address answers. Raises RuntimeError."""
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("felles serve ended at once")
        try:
            urllib.request.urlopen(url).read()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("felles serve does not answer")


def wrk(url: str, clients: int, seconds: float, script: str, server: int, also: int = 0) -> Load:
    """Runs wrk with a Lua script. `server` and `also` are process trees whose time counts as the server's."""
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("this bench drives HTTP with wrk: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write(script)
        lua.flush()
        before = of_tree(server) + (of_tree(also) if also else 0.0)
        usage, start = os.times(), time.perf_counter()
        command = [program, "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--latency", "-s", lua.name, url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        wall = time.perf_counter() - start
        used = os.times()
        after = of_tree(server) + (of_tree(also) if also else 0.0)
    client = used.children_user + used.children_system - usage.children_user - usage.children_system
    return _read(said, after - before, client, wall)


def _read(said: str, server: float, client: float, wall: float) -> Load:
    done = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Load(rate, _at(said, "50%"), _at(said, "99%"), int(wrong[1]) if wrong else 0, done, server, client, wall)


def _at(said: str, percentile: str) -> float:
    found = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def reading(paths: Sequence[str], bearer: str = "") -> str:
    """A script that asks for these paths in turn, perhaps with a token."""
    headers = f'{{["Authorization"] = "Bearer {bearer}"}}' if bearer else "nil"
    listed = ",".join(f'"{path}"' for path in paths)
    return f"""
local paths = {{{listed}}}
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], {headers})
end
"""


def creating(folder: Path, bodies: Sequence[bytes], path: str) -> str:
    """A script that posts these bodies in turn."""
    for place, body in enumerate(bodies, 1):
        (folder / f"body{place}.json").write_bytes(body)
    return f"""
local bodies = {{}}
for i = 1, {len(bodies)} do
  local file = io.open("{folder}/body" .. i .. ".json", "r")
  bodies[i] = file:read("*a")
  file:close()
end
local at = 0
local headers = {{["Content-Type"] = "application/fhir+json", ["Prefer"] = "return=minimal"}}
request = function()
  at = at % #bodies + 1
  return wrk.format("POST", "{path}", headers, bodies[at])
end
"""
