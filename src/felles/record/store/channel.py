"""How reading processes hand their writes to the one writer: length-prefixed MessagePack on a Unix socket (mode 0600).

The writer has one thread: it reads what has come on all connections, commits it as a group and answers. Under load
the group grows by itself and waits a moment for those it has just answered; without load nothing waits for a timer.
"""

import asyncio
import contextlib
import hashlib
import os
import selectors
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import msgspec

from felles.record.outcome import problem
from felles.record.store.write import Reply, Request
from felles.record.store.writer import GROUP, Writer

_LENGTH = struct.Struct("<IQ")
_requests = msgspec.msgpack.Decoder(Request)
_replies = msgspec.msgpack.Decoder(Reply)
_encode = msgspec.msgpack.Encoder().encode
MAX_FRAME = 1 << 30
LINGER = 0.003
"""Seconds that a group waits at the most, and only while fewer wait than came together lately."""


def socket_path(store: Path) -> Path:
    """Where the writer of `store` listens: short enough for a Unix address."""
    name = hashlib.blake2b(str(store.resolve()).encode(), digest_size=12).hexdigest()
    return folder_of_user() / f"{name}.sock"


def folder_of_user() -> Path:
    """A folder of this user alone, for what processes of this machine share. Raises PermissionError."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"felles-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise PermissionError(f"{folder} must belong to this user alone (mode 0700)")
    return folder


class _Peer:
    """One connected reader: bytes that came, bytes that wait to go."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._came = bytearray()
        self._goes = bytearray()

    def receive(self) -> bool:
        """Reads what is there. False: the peer is gone."""
        try:
            data = self.connection.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._came += data
        return bool(data)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Whole frames that have come."""
        start = 0
        while len(self._came) - start >= _LENGTH.size:
            length, number = _LENGTH.unpack_from(self._came, start)
            end = start + _LENGTH.size + length
            if len(self._came) < end:
                break
            yield number, bytes(self._came[start + _LENGTH.size : end])
            start = end
        del self._came[:start]

    def answer(self, number: int, reply: Reply) -> None:
        data = _encode(reply)
        self._goes += _LENGTH.pack(len(data), number) + data

    def send(self) -> bool:
        """Sends what the socket takes. True: something is left."""
        while self._goes:
            try:
                sent = self.connection.send(self._goes)
            except BlockingIOError:
                return True
            except OSError:
                self._goes.clear()
                break
            del self._goes[:sent]
        return False


class WriterServer:
    """Serves a `Writer` on its socket until `stop`."""

    def __init__(self, store: Path, writer: Writer) -> None:
        self._path = socket_path(store)
        self._writer = writer
        self._selector = selectors.DefaultSelector()
        self._waiting: list[tuple[_Peer, int, Request]] = []
        self._lately = 0
        self._stopping = False
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._path))
        self._path.chmod(0o600)
        self._socket.listen(64)
        self._socket.setblocking(False)
        self._selector.register(self._socket, selectors.EVENT_READ)

    def stop(self) -> None:
        """Safe in a signal handler: the loop ends after the group that it commits."""
        self._stopping = True

    def run(self, look: Callable[[], None] = lambda: None) -> None:
        """Calls `look` between groups, at least twice a second."""
        while not self._stopping:
            look()
            self._receive(0.5)
            while self._waiting:
                self._gather()
                self._commit()
        self._path.unlink(missing_ok=True)
        self._socket.close()

    def _receive(self, seconds: float) -> None:
        for key, mask in self._selector.select(timeout=seconds):
            if key.data is None:
                self._accept()
            else:
                self._serve(key.data, mask)

    def _gather(self) -> None:
        """Waits a moment for those who were answered last: a commit costs little more for twice as many."""
        until = time.monotonic() + LINGER
        while len(self._waiting) < self._lately and (left := until - time.monotonic()) > 0:
            self._receive(left)

    def _accept(self) -> None:
        connection, _ = self._socket.accept()
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, _Peer(connection))

    def _serve(self, peer: _Peer, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._watch(peer, more=peer.send())
        if mask & selectors.EVENT_READ and not self._take(peer):
            self._selector.unregister(peer.connection)
            peer.connection.close()

    def _take(self, peer: _Peer) -> bool:
        alive = peer.receive()
        for number, data in peer.frames():
            self._waiting.append((peer, number, _requests.decode(data)))
        return alive

    def _commit(self) -> None:
        group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
        self._lately = max(len(group), self._lately - 1)
        for (peer, number, _), reply in zip(group, self._writer.execute([r for _, _, r in group]), strict=True):
            peer.answer(number, reply)
        for peer in {id(peer): peer for peer, _, _ in group}.values():
            self._watch(peer, more=peer.send())

    def _watch(self, peer: _Peer, *, more: bool) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if more else 0)
        with contextlib.suppress(KeyError, ValueError):
            if self._selector.get_key(peer.connection).events != events:
                self._selector.modify(peer.connection, events, peer)


class RemoteWriter(asyncio.Protocol):
    """The reading process's end: `submit` from any number of tasks."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._open: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._came = bytearray()
        self._goes: list[bytes] = []

    @classmethod
    async def connect(cls, store: Path) -> "RemoteWriter":
        """Raises OSError when nobody writes there."""
        path = str(socket_path(store))
        _, protocol = await asyncio.get_running_loop().create_unix_connection(cls, path)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(_unknown())
        self._open.clear()

    async def submit(self, request: Request) -> Reply:
        """The reply, once the group is durable. Raises Problem 503 when the writer is gone: the outcome is unknown."""
        if self._transport is None:
            raise problem(503, "transient", "the writer of the store is not running; try again in a moment")
        self._number += 1
        data = _encode(request)
        if len(data) > MAX_FRAME:
            raise problem(413, "too-long", "this transaction is larger than the store takes at once; split it")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._open[self._number] = answer
        if not self._goes:
            asyncio.get_running_loop().call_soon(self._send)
        self._goes.append(_LENGTH.pack(len(data), self._number) + data)
        return await answer

    def _send(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._goes))
        self._goes.clear()

    def data_received(self, data: bytes) -> None:
        self._came += data
        start = 0
        while len(self._came) - start >= _LENGTH.size:
            length, number = _LENGTH.unpack_from(self._came, start)
            end = start + _LENGTH.size + length
            if len(self._came) < end:
                break
            answer = self._open.pop(number, None)
            if answer is not None and not answer.done():
                answer.set_result(_replies.decode(memoryview(self._came)[start + _LENGTH.size : end]))
            start = end
        del self._came[:start]

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _unknown() -> Exception:
    return problem(
        503,
        "transient",
        "the writer stopped before it answered: the write may or may not stand, read before you repeat",
    )


class LocalWriter:
    """A writer inside this process, for commands and tests: the same grouping, on the event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: list[tuple[Request, asyncio.Future[Reply]]] = []

    async def submit(self, request: Request) -> Reply:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._drain)
        self._waiting.append((request, answer))
        return await answer

    def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            for (_, answer), reply in zip(group, self._writer.execute([r for r, _ in group]), strict=True):
                if not answer.done():
                    answer.set_result(reply)

    async def close(self) -> None:
        self._writer.close()
