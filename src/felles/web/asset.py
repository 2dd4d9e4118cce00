"""Style sheets, script and fonts: read once, named by their content, kept by the browser for a year."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
COMPRESSED = {".css", ".js", ".svg"}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file's bytes as they are sent; `packed` is gzip, or empty where that gains nothing."""

    body: bytes
    packed: bytes
    kind: str
    mark: str


@cache
def _names() -> frozenset[str]:
    """What there is to send; a name that is not among these is never looked for on the disk."""
    files = [path for path in STATIC.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return frozenset(path.relative_to(STATIC).as_posix() for path in files)


def asset(name: str) -> Asset | None:
    """The asset of this path under static/, or None."""
    return _read(name) if name in _names() else None


@cache
def _read(name: str) -> Asset:
    path = STATIC / name
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSED else b""
    kind = "font/woff2" if path.suffix == ".woff2" else guess_type(path.name)[0] or "application/octet-stream"
    return Asset(body, packed, kind, hashlib.sha256(body).hexdigest()[:12])


def asset_url(name: str) -> str:
    """The address of an asset with its mark, so that a new version is another address."""
    found = asset(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing under {STATIC}; run scripts/assets.py")
    return f"/static/{name}?v={found.mark}"


async def send_asset(request: Request) -> Response:
    """GET /static/{name}"""
    found = asset(request.path_params["name"])
    if found is None:
        return Response(status_code=404)
    headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.kind, headers=headers | {"content-encoding": "gzip"})
    return Response(found.body, media_type=found.kind, headers=headers)
