"""`felles serve`: one process that writes (embedded store), one reading process per core that speaks HTTP."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from felles.cli.collection import settle
from felles.settings import Settings, settings

PATIENCE = 60
"""How often the server asks itself whether it answers."""
RESTARTS = 5
"""How often in a minute a reading process may die before the server gives up."""


class ServeError(click.ClickException):
    """Why the server cannot start."""


@click.command()
@click.option("--store", help="The store: a file path, or a postgresql:// address (FELLES_STORE).")
@click.option("--host", help="Address to listen on; others than loopback need FELLES_ORIGIN (FELLES_HOST).")
@click.option("--port", type=int, help="Port to listen on (FELLES_PORT).")
def serve(store: str | None, host: str | None, port: int | None) -> None:
    """Serve the record: pages at /, FHIR at /fhir."""
    from felles.access.oidc.provider import providers

    try:
        chosen = settings(store=store, host=host, port=port)
        providers(chosen.oidc)
    except ValueError as error:
        raise ServeError(str(error)) from error
    listening = listen(chosen)
    _prepared(chosen)
    address = chosen.origin or address_of(chosen.host, listening[0].getsockname()[1])
    if chosen.store.startswith(("postgresql://", "postgres://")):
        _serve_region(chosen, listening, address)
    else:
        _serve_embedded(chosen, listening, address)


def _prepared(chosen: Settings) -> None:
    """A store of made-up people is for this machine alone. After an upgrade the index gets what this version wants of
    it before anybody reads."""
    from felles.app import LINES, RULES, is_loopback
    from felles.cli.option import run
    from felles.record.bulk.rebuild import catch_up, is_behind
    from felles.record.record import Record

    async def work() -> None:
        record = await Record.open(chosen.store, RULES, lines=LINES)
        try:
            if record.demo and (chosen.origin or not is_loopback(chosen.host)):
                raise ServeError(
                    "this store is marked as demo: anybody may sign in as its people without a secret, so it is served "
                    "on this machine only. Unset FELLES_ORIGIN, and FELLES_HOST or make it 127.0.0.1"
                )
            if await is_behind(record.store):
                click.echo("The index gets what this version needs; this happens once.")
                await catch_up(record.store)
        finally:
            await record.close()

    run(work())


def address_of(host: str, port: int) -> str:
    """What to open in a browser: an IPv6 address stands in brackets (RFC 3986 section 3.2.2)."""
    name = "localhost" if host == "127.0.0.1" else f"[{host.strip('[]')}]" if ":" in host else host
    return f"http://{name}:{port}"


def listen(chosen: Settings) -> list[socket.socket]:
    """The listening sockets of one port, one for each reading process, so that the system shares out the connections.
    Refuses addresses that others can reach where no TLS is spoken for them, and says when the port is taken."""
    from felles.app import is_loopback

    if not is_loopback(chosen.host) and not chosen.origin:
        raise ServeError(
            f"FELLES_HOST is {chosen.host}, which others can reach, and Felles does not speak TLS itself: put a proxy "
            "before it and set FELLES_ORIGIN to the https address that people open, or make FELLES_HOST 127.0.0.1"
        )
    try:
        with _listening(chosen.host, chosen.port) as alone:  # a port that others share is taken as well
            port = alone.getsockname()[1]
        return [_listening(chosen.host, port, shared=True) for _ in range(readers())]
    except OSError as error:
        raise ServeError(
            f"port {chosen.port} on {chosen.host} is taken ({error.strerror}); set FELLES_PORT to another"
        ) from error


def _listening(host: str, port: int, *, shared: bool = False) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen(1_024)
    except OSError:
        listening.close()
        raise
    return listening


def readers() -> int:
    """How many processes read: one for each core that this one may use."""
    return max(1, min(len(os.sched_getaffinity(0)), 8))


class Readers:
    """The reading processes and the one that seals the access log, started anew when one dies."""

    def __init__(self, chosen: Settings, listening: Sequence[socket.socket], address: str) -> None:
        self._chosen, self._listening, self._address = chosen, listening, address
        self._running: list[subprocess.Popen[bytes]] = []
        self._programs: list[list[str]] = []
        self._died: list[float] = []
        self._descriptors = [one.fileno() for one in listening]

    def programs(self) -> list[list[str]]:
        """Modules to run, with their arguments."""
        workers = [["felles.cli.worker", str(one.fileno()), self._address] for one in self._listening]
        return [*workers, ["felles.cli.sealer"]]

    def start(self) -> None:
        self._programs = self.programs()
        self._running = [self._spawn(program) for program in self._programs]

    def _spawn(self, program: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *program]
        environment = {**os.environ, "FELLES_STORE": self._chosen.store}
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.PIPE, pass_fds=self._descriptors, env=environment
        )

    def look(self) -> bool:
        """Starts dead processes again. False when they die faster than that helps."""
        for place, process in enumerate(self._running):
            if process.poll() is not None:
                now = time.monotonic()
                self._died = [moment for moment in self._died if now - moment < 60] + [now]
                if len(self._died) > RESTARTS:
                    return False
                self._running[place] = self._spawn(self._programs[place])
        return True

    def stop(self) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _on_stop(stop: Callable[[], None]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: stop())
    signal.signal(signal.SIGINT, lambda *_: stop())


def _serve_embedded(chosen: Settings, listening: list[socket.socket], address: str) -> None:
    import apsw

    from felles.app import LINES, RULES
    from felles.record.record import committer
    from felles.record.store.channel import WriterServer
    from felles.record.store.writer import StoreLocked, Writer

    path = Path(chosen.store)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        writer = Writer(path, committer(RULES, LINES))
    except StoreLocked as error:
        raise ServeError(f"{error} (is Felles running already?)") from error
    except apsw.NotADBError as error:
        raise ServeError(f"{path} is no store of Felles: {error}") from error
    except ValueError as error:
        raise ServeError(str(error)) from error
    server = WriterServer(path, writer)
    readers = Readers(chosen, listening, address)
    _on_stop(server.stop)
    readers.start()
    threading.Thread(target=_greet_when_it_answers, args=(listening[0], address), daemon=True).start()
    failed = False

    def look() -> None:
        nonlocal failed
        if not readers.look():
            failed = True
            server.stop()

    settle()
    try:
        server.run(look)
    finally:
        readers.stop()
        writer.close()
    if failed:
        raise ServeError("the reading processes keep stopping; see the messages above")


def _serve_region(chosen: Settings, listening: list[socket.socket], address: str) -> None:
    readers = Readers(chosen, listening, address)
    stopping: list[bool] = []
    _on_stop(lambda: stopping.append(True))
    readers.start()
    threading.Thread(target=_greet_when_it_answers, args=(listening[0], address), daemon=True).start()
    try:
        while not stopping:
            if not readers.look():
                raise ServeError("the reading processes keep stopping; see the messages above")
            time.sleep(0.2)
    finally:
        readers.stop()


def _greet_when_it_answers(listening: socket.socket, address: str) -> None:
    """The first question is our own: it waits with the socket until a reading process takes it."""
    host, port = listening.getsockname()[:2]
    for _ in range(PATIENCE):
        asking = http.client.HTTPConnection(host, port, timeout=60)
        try:
            asking.request("GET", "/fhir/metadata", headers={"host": "localhost"})
            if asking.getresponse().status == 200:
                greet(address)
                return
        except OSError:
            time.sleep(1)
        finally:
            asking.close()


def greet(address: str) -> None:
    """Tells where Felles is and how to sign in."""
    click.echo(f"Felles: {address}")
    click.echo("Sign in: open the address; in a demo store choose one of the people on the page, no password.")
    click.echo(f"FHIR:   {address}/fhir/metadata   Stop: Ctrl-C")
