"""One reading process of `felles serve`: `python -m felles.cli.worker FD ADDRESS`. It ends with its standard input."""

import asyncio
import os
import socket
import sys

import uvicorn

from felles.app import CLOCKS, LINES, RULES, WORKERS, build
from felles.cli import log
from felles.cli.collection import settle
from felles.cli.connection import Connection
from felles.record import feed
from felles.record.record import Record
from felles.settings import settings


async def work(listening: socket.socket, address: str) -> None:
    """Serves until SIGTERM, or until `felles serve` is gone."""
    record = await Record.open(os.environ["FELLES_STORE"], RULES, lines=LINES, base=f"{address}/fhir")
    settle()
    app = build(record)
    config = uvicorn.Config(
        app,
        http=Connection,
        lifespan="off",
        access_log=False,
        proxy_headers=bool(settings().origin),
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    following = [asyncio.create_task(feed.follow(record, name, handler)) for name, handler in WORKERS]
    following += [asyncio.create_task(clock(record)) for _, clock in CLOCKS]
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), orphaned, server)
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await app.close()
        await record.close()


def orphaned(server: uvicorn.Server) -> None:
    """The pipe from `felles serve` has ended: it was killed, and its port must come free for the next one."""
    server.should_exit = True
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


def main() -> None:
    listening = socket.socket(fileno=int(sys.argv[1]))
    listening.setblocking(False)
    log.configure()
    import uvloop

    uvloop.install()
    asyncio.run(work(listening, sys.argv[2]))


if __name__ == "__main__":
    main()
