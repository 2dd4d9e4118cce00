"""`felles token`: a bearer token for local scripts and conformance suites, made with the store owner's key."""

import getpass
import time
from typing import TYPE_CHECKING

import click

from felles.cli.app import standing
from felles.cli.option import run, store_option
from felles.settings import Settings

if TYPE_CHECKING:
    from felles.access.smart.token import Token

MINUTES = 15


@click.command()
@store_option
@click.option("--scope", required=True, help="SMART system scopes, as in 'system/*.cruds' or 'system/Observation.rs'.")
@click.option("--purpose", required=True, help="What it is for, in a few words; they stand in the access log.")
@click.option(
    "--minutes", type=click.IntRange(1, MINUTES), default=MINUTES, show_default=True, help="How long it holds."
)
def token(store: str | None, scope: str, purpose: str, minutes: int) -> None:
    """Print a bearer token for the FHIR address, on a running or a stopped server.

    It is made with the store owner's signing key, holds for minutes, cannot be taken back, and stands in the access
    log with its purpose, as does every use of it.
    """
    made = run(_made(standing(store), scope, purpose, minutes))
    click.echo(
        f"A bearer token for {minutes} minutes ({scope}). Whoever holds it has it: keep it off the screen.", err=True
    )
    click.echo(made)


async def _made(settings: Settings, scope: str, purpose: str, minutes: int) -> str:
    from felles.access.audit import log
    from felles.access.smart.entry import entry
    from felles.access.smart.key import KeyFolder, folder_of
    from felles.access.smart.token import LOCAL, Mint
    from felles.app import LINES, RULES
    from felles.record.record import Record

    now = time.time()
    held = _token(scope, purpose, int(now) + minutes * 60)
    mint = Mint(KeyFolder(folder_of(settings.store, settings.keys)), LOCAL, LOCAL)
    made = mint.issue(held, now)
    record = await Record.open(settings.store, RULES, lines=LINES)
    try:
        await record.commit((), lines=log.lines(entry(held, now, "felles token")))
    finally:
        await record.close()
    return made


def _token(scope: str, purpose: str, ends: int) -> "Token":
    from felles.access.smart import restriction
    from felles.access.smart import scope as scopes
    from felles.access.smart.entry import MAX_PURPOSE
    from felles.access.smart.refusal import Refusal
    from felles.access.smart.token import Token, new_id

    if not purpose.strip() or not purpose.isprintable() or len(purpose) > MAX_PURPOSE:
        raise click.UsageError(f"--purpose takes 1 to {MAX_PURPOSE} printable characters")
    try:
        asked = restriction.supported(scopes.read(scope))
    except Refusal as error:
        raise click.UsageError(f"--scope: {error.text}") from error
    if not asked.grants or asked.words or scopes.at_levels(asked, "system") != asked:
        raise click.UsageError("--scope takes system scopes only, as in 'system/*.cruds'")
    id = new_id()
    return Token(
        id, "felles-token", "Device/felles-token", asked, ends, session=id, purpose=purpose, by=getpass.getuser()
    )
