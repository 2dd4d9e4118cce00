"""One reading process of `felles serve`: `python -m felles.cli.worker FD ADDRESS`, the session secret on stdin."""

import asyncio
import gc
import os
import socket
import sys

import uvicorn

from felles.app import CLOCKS, LINES, RULES, WORKERS, build
from felles.cli import log
from felles.cli.connection import Connection
from felles.record import feed
from felles.record.record import Record


async def work(listening: socket.socket, address: str, secret: bytes) -> None:
    """Serves until SIGTERM, or until `felles serve` is gone."""
    record = await Record.open(os.environ["FELLES_STORE"], RULES, lines=LINES, base=f"{address}/fhir")
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    config = uvicorn.Config(
        build(record, secret=secret),
        http=Connection,
        lifespan="off",
        access_log=False,
        proxy_headers=False,
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
        await record.close()


def orphaned(server: uvicorn.Server) -> None:
    """The pipe from `felles serve` has ended: it was killed, and its port must come free for the next one."""
    server.should_exit = True
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


def main() -> None:
    listening = socket.socket(fileno=int(sys.argv[1]))
    listening.setblocking(False)
    secret = bytes.fromhex(sys.stdin.readline().strip())
    log.configure()
    import uvloop

    uvloop.install()
    asyncio.run(work(listening, sys.argv[2], secret))


if __name__ == "__main__":
    main()
