"""Forms with a file: read whole in memory up to a limit, never on disk (RFC 7578)."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from felles.web.visit import FORM_BYTES

FIELDS = 40


class _InMemory(MultiPartParser):
    """What a patient's paper says is not left behind in a temporary file."""

    spool_max_size = 1 << 30


@dataclass(frozen=True, slots=True)
class Upload:
    """The fields of a form and its one file, empty where none was chosen."""

    form: dict[str, str]
    data: bytes


async def read_upload(request: Request, most: int) -> Upload:
    """A multipart form of at most `most` bytes besides its fields (413 beyond, 400 for what is none)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most + FORM_BYTES:
            raise HTTPException(413)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield bytes(body)

    try:
        parser = _InMemory(request.headers, whole(), max_files=1, max_fields=FIELDS, max_part_size=FORM_BYTES)
        parsed = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400) from error
    form = {name: value for name, value in parsed.multi_items() if isinstance(value, str)}
    files = [value for _, value in parsed.multi_items() if isinstance(value, UploadFile)]
    data = await files[0].read() if files else b""
    await parsed.close()
    return Upload(form, data)
