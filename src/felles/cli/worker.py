"""One reading process of `felles serve`: `python -m felles.cli.worker FD ADDRESS`, the session secret on stdin."""

import asyncio
import gc
import os
import socket
import sys

import uvicorn

from felles.app import RULES, build
from felles.record.record import Record


async def work(listening: socket.socket, address: str, secret: bytes) -> None:
    """Serves until SIGTERM."""
    record = await Record.open(os.environ["FELLES_STORE"], RULES, base=f"{address}/fhir")
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    config = uvicorn.Config(
        build(record, secret=secret),
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    try:
        await uvicorn.Server(config).serve(sockets=[listening])
    finally:
        await record.close()


def main() -> None:
    listening = socket.socket(fileno=int(sys.argv[1]))
    listening.setblocking(False)
    secret = bytes.fromhex(sys.stdin.readline().strip())
    import uvloop

    uvloop.install()
    asyncio.run(work(listening, sys.argv[2], secret))


if __name__ == "__main__":
    main()
