"""One client's connection, with bounds that the HTTP parser has not: a head may not grow without end, and requests
may not be piled up without waiting for an answer."""

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD = 512 * 1024
MAX_WAITING = 100
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """Speaks HTTP/1.1 (RFC 9112); closes on clients that send heads past MAX_HEAD or pile up past MAX_WAITING."""

    _in_head = False
    _head = 0
    _answering: RequestResponseCycle | None = None

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > MAX_HEAD:
            self.transport.write(_TOO_LARGE)
        if self._head > MAX_HEAD or len(self.pipeline) > MAX_WAITING:
            self._leave()
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _leave(self) -> None:
        """Lets the request that is being answered know that nobody listens any more; it need not be the last sent."""
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
