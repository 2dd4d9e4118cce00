"""HTTP to a running server with nothing between: what is sent is what the test wrote."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server import token


@dataclass(frozen=True)
class Answer:
    """One answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def issues(self) -> list[dict[str, Any]]:
        """Those of its OperationOutcome, which it must be."""
        outcome = self.json
        assert outcome["resourceType"] == "OperationOutcome", outcome
        assert outcome["issue"], outcome
        return list(outcome["issue"])

    @property
    def diagnostics(self) -> str:
        return " | ".join(issue["diagnostics"] for issue in self.issues)

    @property
    def expressions(self) -> list[str]:
        return [one for issue in self.issues for one in issue.get("expression", [])]

    @property
    def entries(self) -> list[dict[str, Any]]:
        return list(self.json.get("entry", []))

    def link(self, relation: str) -> str | None:
        """The Bundle's link of this relation."""
        return next((link["url"] for link in self.json.get("link", []) if link["relation"] == relation), None)


class Wire:
    """A client of one server: `wire("PUT", "/Patient/a", {...}, if_match='W/"1"')`; addresses begin at /fhir."""

    def __init__(self, address: str, process: subprocess.Popen[bytes], store: str, log: Path) -> None:
        self.address = address
        self.base = f"{address}/fhir"
        self.port = int(address.rpartition(":")[2])
        self.process = process
        self.store = store
        self.log = log
        self._connection: http.client.HTTPConnection | None = None
        self._token = ("", 0.0)

    @property
    def token(self) -> str:
        """A bearer token that holds for some minutes more."""
        text, ends = self._token
        if time.monotonic() > ends:
            text = token(self.store)
            self._token = (text, time.monotonic() + 10 * 60)
        return text

    @property
    def bearer(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self.token}"

    def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
            named.setdefault("content-type", "application/fhir+json")
        named.setdefault("authorization", self.bearer)
        path = url.removeprefix(self.address) if url.startswith("http") else f"/fhir{url}"
        for fresh in (False, True):
            connection = self._open(fresh)
            try:
                connection.request(method, path, body, named)
                got = connection.getresponse()
                return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
            except (ConnectionError, http.client.HTTPException):
                if fresh:
                    raise
        raise AssertionError

    def _open(self, fresh: bool) -> http.client.HTTPConnection:
        if self._connection is None or fresh:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        return self._connection

    def alone(self) -> Wire:
        """The same server over a connection of its own."""
        other = Wire(self.address, self.process, self.store, self.log)
        other._token = (self.token, self._token[1])
        return other

    def create(self, resource: dict[str, Any], **headers: str) -> dict[str, Any]:
        """The created resource."""
        answer = self("POST", f"/{resource['resourceType']}", resource, **headers)
        assert answer.status == 201, answer.body
        created: dict[str, Any] = answer.json
        return created

    def raw(self, data: bytes, patience: float = 10.0) -> bytes:
        """Sends bytes as they are; gives what came back until the server closed or answered once."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
            connection.sendall(data)
            return received(connection)

    def resident(self) -> int:
        """Bytes of memory that the server's processes hold together."""
        pids = [self.process.pid, *children(self.process.pid)]
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        return pages * 4096


def received(connection: socket.socket) -> bytes:
    """One whole answer, or what came before the end."""
    got = b""
    while True:
        try:
            piece = connection.recv(65_536)
        except (TimeoutError, ConnectionError):
            return got
        got += piece
        head, mark, body = got.partition(b"\r\n\r\n")
        if not piece or (mark and len(body) >= length(head)):
            return got


def length(head: bytes) -> int:
    """Content-Length of an answer's head."""
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(found[0].partition(b":")[2]) if found else 0


def children(pid: int) -> list[int]:
    """Direct child processes."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def fresh() -> str:
    """A system or value that no other test uses."""
    return f"urn:uuid:{uuid.uuid4()}"
