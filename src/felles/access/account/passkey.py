"""Passkeys (WebAuthn Level 3): challenges of one use, user verification demanded, the signature counter watched."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from felles.access.account.account import HIGH, LOCAL, Account, Opened, by_id, taken
from felles.access.attempt import give, take
from felles.access.attendance import refused
from felles.access.table import Tables, put
from felles.record.store import Line

ENTER, ENROL = "passkey enter", "passkey enrol"
CHALLENGE_SECONDS = 300
LONGEST = 12_000
REQUIRED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class House:
    """Where passkeys of this record hold: the origin that it is served from, whose host is the relying party's id."""

    origin: str

    @property
    def id(self) -> str:
        return urlsplit(self.origin).hostname or ""


async def options(tables: Tables, house: House, holder: str, now: float) -> dict[str, Any]:
    """What the browser asks its authenticator to sign in with; `challenge` is good once, for this browser."""
    token = await give(tables, ENTER, holder, True, now, CHALLENGE_SECONDS)
    made = webauthn.generate_authentication_options(
        rp_id=house.id, challenge=token.encode(), user_verification=REQUIRED
    )
    return dict(json.loads(options_to_json(made)))


async def enter(tables: Tables, house: House, holder: str, answer: str, now: float) -> Opened | None:
    """The account whose passkey signed our challenge."""
    told = _told(answer)
    challenge = _challenge(told)
    asked = await take(tables, ENTER, holder, challenge, now)
    rows = await tables.ask("passkey", [str(told.get("id", ""))])
    account = await by_id(tables, rows[0][0]) if rows else None
    counter = _signed(house, told, challenge, rows[0][1], rows[0][2]) if asked and rows else None
    if account is None or counter is None:
        await refused(tables, now, LOCAL, "wrong", account.person if account else "")
        return None
    line = Line("passkey used", [told["id"], counter, int(now), rows[0][2]], rows=1)
    return Opened(account, HIGH, [line])


def _signed(house: House, told: dict[str, Any], challenge: str, public: str, counter: int) -> int | None:
    """The new counter of a passkey that signed the challenge; None for any other answer."""
    try:
        shown = webauthn.verify_authentication_response(
            credential=told, expected_challenge=challenge.encode(), expected_rp_id=house.id,
            expected_origin=house.origin, credential_public_key=base64url_to_bytes(public),
            credential_current_sign_count=counter, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return shown.new_sign_count


async def enrolment(tables: Tables, house: House, holder: str, account: Account, now: float) -> dict[str, Any]:
    """What the browser asks its authenticator to make a new passkey with."""
    token = await give(tables, ENROL, holder, account.id, now, CHALLENGE_SECONDS)
    known = [PublicKeyCredentialDescriptor(base64url_to_bytes(id)) for id, *_ in await kept(tables, account)]
    made = webauthn.generate_registration_options(
        rp_id=house.id, rp_name="Felles", user_name=account.name, user_id=account.id.encode(),
        challenge=token.encode(), exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
    )  # fmt: skip
    return dict(json.loads(options_to_json(made)))


async def add(
    tables: Tables, house: House, holder: str, account: Account, answer: str, now: float, invitation: str = ""
) -> bool:
    """Gives an account the passkey that the browser has made, if it answers our challenge for this account; against
    its invitation where there is one."""
    told = _told(answer)
    challenge = _challenge(told)
    if await take(tables, ENROL, holder, challenge, now) != account.id:
        return False
    try:
        made = webauthn.verify_registration_response(
            credential=told, expected_challenge=challenge.encode(), expected_rp_id=house.id,
            expected_origin=house.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    id, public = bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key)
    line = Line("passkey add", [id, account.id, public, made.sign_count, int(now)], rows=1)
    return await put(tables, *(taken(account, invitation) if invitation else ()), line)


async def remove(tables: Tables, account: Account, id: str) -> bool:
    """Takes a passkey away; never the last way in."""
    if account.password is None and len(await kept(tables, account)) < 2:
        return False
    return await put(tables, Line("passkey remove", [id, account.id]))


async def kept(tables: Tables, account: Account) -> list[tuple[str, int, int]]:
    """(id, made, last used) of an account's passkeys."""
    return [(str(id), int(made), int(used)) for id, made, used in await tables.ask("passkeys", [account.id])]


def _told(answer: str) -> dict[str, Any]:
    """The browser's answer as plain data; {} for what is none."""
    try:
        told = json.loads(answer) if len(answer) <= LONGEST else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _challenge(told: dict[str, Any]) -> str:
    """The challenge that an answer says it is to; whether it was ours is for the store to say."""
    try:
        client = json.loads(_decoded(told["response"]["clientDataJSON"]))
        return _decoded(client["challenge"]).decode("ascii")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
