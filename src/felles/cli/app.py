"""`felles app`: the apps that may ask people, or work by themselves, for access (SMART on FHIR)."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from felles.cli.option import chosen, run, store_option
from felles.settings import Settings

if TYPE_CHECKING:
    from felles.access.smart.app import App
    from felles.record.record import Record

T = TypeVar("T")


def standing(store: str | None) -> Settings:
    """The settings of a store that is there: none is made for a key or an app. Raises UsageError, ClickException."""
    settings = chosen(store)
    if "://" not in settings.store and not Path(settings.store).exists():
        raise click.ClickException(f"there is no store at {settings.store}")
    return settings


@click.group()
def app() -> None:
    """The apps that may ask for access."""


@app.command()
@click.argument("id")
@store_option
@click.option("--name", required=True, help="What people read when they are asked to let it in.")
@click.option("--scope", required=True, help="The SMART scopes that it may be given at the most.")
@click.option("--redirect", "redirects", multiple=True, help="Where people are sent back to, letter by letter; repeat.")
@click.option("--launch", default="", help="Where it begins when the record opens it.")
@click.option("--secret", is_flag=True, help="It shows who it is by a secret, which is printed once.")
@click.option("--jwks", type=click.File("rb"), help="It shows who it is by keys: a file with their public halves.")
@click.option("--jwks-uri", default="", help="It shows who it is by the keys at this https address.")
@click.option("--system", is_flag=True, help="It works by itself (backend services), by its keys.")
@click.option("--dpop", is_flag=True, help="Its tokens must be bound to a key (DPoP).")
@click.option("--introspect", is_flag=True, help="It may ask about the tokens of other apps.")
def add(id: str, store: str | None, jwks: Any, secret: bool, **given: Any) -> None:
    """Register an app under ID. Without --secret and keys it is public: PKCE alone binds its codes."""
    from felles.access.session import digest
    from felles.access.smart.app import App, new_secret

    made = new_secret() if secret else ""
    registered = App(
        id=id,
        name=given["name"],
        scope=given["scope"],
        redirects=given["redirects"],
        launch=given["launch"],
        secret=digest(made) if made else "",
        jwks=_keys(jwks.read()) if jwks else (),
        jwks_uri=given["jwks_uri"],
        person=bool(given["redirects"]) or not given["system"],
        system=given["system"],
        bound=given["dpop"],
        inspects=given["introspect"],
    )
    if not run(_within(standing(store), lambda record: _add(record, registered))):
        raise click.ClickException(f"an app has had the id {id} already; choose another")
    click.echo(f"{id} is registered", err=True)
    if made:
        click.echo(made)


def _keys(body: bytes) -> tuple[dict[str, str], ...]:
    import orjson

    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise click.UsageError("--jwks takes a JSON Web Key Set") from error
    keys = found.get("keys", [found]) if isinstance(found, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) and isinstance(key.get("kid"), str) for key in keys):
        raise click.UsageError("--jwks takes a JSON Web Key Set, each key with a kid")
    return tuple(keys)


async def _add(record: "Record", registered: "App") -> bool:
    from felles.access.smart import app as registry
    from felles.access.smart.refusal import Refusal

    try:
        return await registry.register(record, registered, time.time())
    except Refusal as error:
        raise ValueError(error.text) from error


@app.command("list")
@store_option
def listed(store: str | None) -> None:
    """The registered apps, with their scopes."""
    from felles.access.smart import app as registry

    for one in run(_within(standing(store), registry.every)):
        shown = "secret" if one.secret else "public" if one.public else "keys"
        click.echo(f"{one.id}\t{one.name}\t{shown}\t{one.scope}")


@app.command()
@click.argument("id")
@store_option
def remove(id: str, store: str | None) -> None:
    """Take an app out: all its tokens end at once, and its ID is never given again."""
    from felles.access.smart import app as registry

    if not run(_within(standing(store), lambda record: registry.remove(record, id, time.time()))):
        raise click.ClickException(f"there is no app {id}")
    click.echo(f"{id} is removed", err=True)


@app.command()
@store_option
def rotate(store: str | None) -> None:
    """Sign tokens with a new key from now on; the old one verifies for a day and is then removed."""
    from felles.access.smart.key import KeyFolder, folder_of

    settings = standing(store)
    try:
        made = KeyFolder(folder_of(settings.store, settings.keys)).rotate(int(time.time()))
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"key {made.kid}", err=True)


async def _within(settings: Settings, work: Callable[["Record"], Awaitable[T]]) -> T:
    from felles.app import LINES, RULES
    from felles.record.record import Record

    record = await Record.open(settings.store, RULES, lines=LINES)
    try:
        return await work(record)
    finally:
        await record.close()
