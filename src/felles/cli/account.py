"""`felles account`: local accounts, for stores whose people do not sign in at a provider."""

import getpass
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from felles.cli.option import chosen, run, store_option
from felles.settings import Settings

if TYPE_CHECKING:
    from felles.access.account.account import Account
    from felles.record.record import Record


@click.group()
def account() -> None:
    """Local accounts: passkey, or password with a one-time code. People with HelseID or ID-porten need none."""


@account.command()
@click.argument("name")
@click.option("--hpr", help="The HPR number of whom the account is for.")
@click.option("--person", help="Practitioner/ID or Patient/ID, for who has no HPR number.")
@store_option
def add(name: str, hpr: str | None, person: str | None, store: str | None) -> None:
    """Add an account for somebody whom the record knows, and print the invitation: a code that is good for a week and
    once, with which they choose at /invitation how to sign in. Give it to them in person."""
    if (hpr is None) == (person is None):
        raise click.UsageError("say who it is for: --hpr NUMBER or --person Practitioner/ID")
    _invitation(run(_added(chosen(store), name, hpr, person)))


@account.command()
@click.argument("name")
@store_option
def invite(name: str, store: str | None) -> None:
    """Print a new invitation for an account, when the old one is lost or its owner can no longer sign in."""
    _invitation(run(_invited(chosen(store), name)))


@account.command("list")
@store_option
def listed(store: str | None) -> None:
    """Print every account: name, person, and the ways it signs in."""
    for name, person, word, keys in run(_listed(chosen(store))):
        ways = [*(["password and code"] if word else []), *([f"{keys} passkey(s)"] if keys else [])]
        click.echo(f"{name}\t{person}\t{', '.join(ways) or 'invited'}")


@account.command()
@click.argument("name")
@store_option
def remove(name: str, store: str | None) -> None:
    """Remove an account; its sessions end at once."""
    run(_removed(chosen(store), name))


@account.command("sign-out")
@click.argument("who")
@store_option
def sign_out(who: str, store: str | None) -> None:
    """Sign somebody out everywhere at once: WHO is an account, or Practitioner/ID or Patient/ID of who signs in at a
    provider. They may sign in again."""
    click.echo(f"{run(_signed_out(chosen(store), who))} sessions ended")


def _invitation(code: str) -> None:
    click.echo(f"Invitation, good for a week and once: {code}")
    click.echo("To be typed at /invitation of the address that Felles is opened at.")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator["Record"]:
    from felles.app import LINES, RULES
    from felles.record.record import Record

    record = await Record.open(settings.store, RULES, lines=LINES)
    try:
        yield record
    finally:
        await record.close()


async def _found(record: "Record", name: str) -> "Account":
    from felles.access.account.account import by_name

    found = await by_name(record, name)
    if found is None:
        raise ValueError(f"there is no account named {name}")
    return found


async def _told(record: "Record", command: str, person: str) -> None:
    """The row that a command leaves in the access log before it changes how somebody signs in."""
    from felles.access.audit.log import lines
    from felles.access.audit.row import Act, Row
    from felles.access.table import put
    from felles.access.who import Purpose

    kind, _, id = person.partition("/")
    client = f"felles account {command} by {getpass.getuser()}"
    moment = time.time_ns() // 1_000
    row = Row(
        moment, Act.UPDATE, person="Device/operator", client=client, type=kind, ids=[id], purpose=Purpose.SYSTEM.value
    )
    await put(record, *lines(row))


async def _added(settings: Settings, name: str, hpr: str | None, person: str | None) -> str:
    from felles.access.account.account import LONGEST_NAME, add
    from felles.access.subject import practitioner_of

    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise ValueError(f"a name has 1 to {LONGEST_NAME} characters")
    async with _opened(settings) as record:
        who = await practitioner_of(record, hpr) if hpr else person
        if who is None or who.partition("/")[0] not in ("Practitioner", "Patient"):
            raise ValueError("nobody in the record has this number; --person takes Practitioner/ID or Patient/ID")
        await record.read(*who.split("/", 1))  # who is not there gets no account
        await _told(record, "add", who)
        code = await add(record, name, who, time.time())
    if code is None:
        raise ValueError(f"there is an account named {name} already")
    return code


async def _invited(settings: Settings, name: str) -> str:
    from felles.access.account.account import invite

    async with _opened(settings) as record:
        found = await _found(record, name)
        await _told(record, "invite", found.person)
        return await invite(record, found, time.time())


async def _listed(settings: Settings) -> list[tuple[str, str, bool, int]]:
    from felles.access.account.account import listed

    async with _opened(settings) as record:
        return list(await listed(record))


async def _removed(settings: Settings, name: str) -> None:
    from felles.access.account.account import remove

    async with _opened(settings) as record:
        found = await _found(record, name)
        await _told(record, "remove", found.person)
        await remove(record, found)


async def _signed_out(settings: Settings, who: str) -> int:
    from felles.access.session import end_all, sessions_of

    async with _opened(settings) as record:
        person = who if "/" in who else (await _found(record, who)).person
        await _told(record, "sign-out", person)
        count = len(await sessions_of(record, person, time.time()))
        await end_all(record, person, time.time())
    return count
