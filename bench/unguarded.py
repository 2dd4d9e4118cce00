"""The record's own server without a door, for measurements alone: `python -m bench.unguarded serve|both`.

The store and the port come from the environment as for `felles serve`. `serve` answers everybody at FELLES_PORT;
`both` answers everybody at BENCH_PORT, while `felles serve` itself answers with its guard at FELLES_PORT.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import sys
from collections.abc import Sequence

import uvicorn

from felles.app import LINES, RULES
from felles.cli.collection import settle
from felles.cli.connection import Connection
from felles.cli.worker import orphaned
from felles.record.record import Record
from felles.record.rest.message import Request, Response
from felles.record.rest.server import FhirServer
from felles.settings import Settings

serving = importlib.import_module("felles.cli.serve")
"""The module, not the command of the same name."""


class Everybody:
    """A door that lets everybody see everything and tells nobody."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.user = ""

    async def open(self, request: Request) -> Everybody:
        return self

    async def told(self, request: Request, answer: Response) -> Response:
        return answer


async def work(descriptor: int, address: str) -> None:
    """One reading process, as `felles.cli.worker` but for the door."""
    listening = socket.socket(fileno=descriptor)
    listening.setblocking(False)
    record = await Record.open(os.environ["FELLES_STORE"], RULES, lines=LINES, base=f"{address}/fhir")
    settle()
    config = uvicorn.Config(
        FhirServer(Everybody(record), record.base),
        http=Connection,
        lifespan="off",
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        date_header=False,
    )
    server = uvicorn.Server(config)
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), orphaned, server)
    try:
        await server.serve(sockets=[listening])
    finally:
        await record.close()


class Unguarded(serving.Readers):  # type: ignore[name-defined,misc]
    """Reading processes without a door, in the place of those with one or (`also`) beside them."""

    also: Sequence[socket.socket] = ()

    def programs(self) -> list[list[str]]:
        guarded: list[list[str]] = super().programs()
        listening = self.also or self._listening
        self._descriptors = [one.fileno() for one in (*self._listening, *listening)]
        address = serving.address_of("127.0.0.1", listening[0].getsockname()[1])
        bare = [["bench.unguarded", "work", str(one.fileno()), address] for one in listening]
        return [*(guarded if self.also else []), *bare]


def main(act: str, *given: str) -> None:
    if act == "work":
        import uvloop

        uvloop.install()
        asyncio.run(work(int(given[0]), given[1]))
        return
    if act == "both":
        Unguarded.also = serving.listen(Settings(port=int(os.environ["BENCH_PORT"])))
    serving.Readers = Unguarded  # type: ignore[attr-defined]
    serving.serve(standalone_mode=False, args=[])


if __name__ == "__main__":
    main(*sys.argv[1:])
