"""The original of a referral as its own bytes: a scanned paper."""

from base64 import b64decode
from binascii import Error

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical import act
from felles.web.duties import sitting_of
from felles.web.referral_list import HERE, handling

SHOWN = {"application/pdf": "pdf", "image/jpeg": "jpg"}


@handling
async def show(request: Request) -> Response:
    """GET /referrals/{id}/document/{document}: of the same patient only, and of types that carry no script."""
    record = sitting_of(request).record
    one = await act.period(record, request.path_params["id"])
    found = await record.resource("DocumentReference", request.path_params["document"])
    attachment = next((each.get("attachment") or {} for each in found.get("content") or ()), {})
    kind = str(attachment.get("contentType", "")).partition(";")[0]
    if (found.get("subject") or {}).get("reference") != one.patient or kind not in SHOWN:
        raise HTTPException(404)
    try:
        data = b64decode(attachment.get("data", ""), validate=True)
    except Error:
        raise HTTPException(404) from None
    name = f'inline; filename="henvisning.{SHOWN[kind]}"'
    return Response(data, media_type=kind, headers={"content-disposition": name})


ROUTES = [Route(f"{HERE}/{{id}}/document/{{document}}", show)]
