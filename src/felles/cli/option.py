"""What the commands share: which store is meant, and how failures are told."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from felles.settings import Settings, settings

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def store_option(command: F) -> F:
    """`--store`, above the environment."""
    text = "The store: a file path, or a postgresql:// address (FELLES_STORE)."
    return click.option("--store", help=text)(command)


def chosen(store: str | None) -> Settings:
    """The settings. Raises UsageError (exit status 2) for what cannot be meant."""
    try:
        return settings(store=store)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def base(chosen: Settings) -> str:
    """The address that absolute references to this record begin with."""
    host = "localhost" if chosen.host == "127.0.0.1" else chosen.host
    return f"http://{host}:{chosen.port}/fhir"


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result, or a ClickException (exit status 1) that says what is wrong."""
    from concurrent.futures import BrokenExecutor

    import apsw
    import asyncpg

    from felles.record.outcome import Problem
    from felles.record.store import StoreLocked

    try:
        return asyncio.run(work)
    except Problem as error:
        raise click.ClickException("; ".join(issue.diagnostics for issue in error.issues)) from error
    except BrokenExecutor as error:
        raise click.ClickException(
            "a process that prepares was ended, perhaps for want of memory: try --jobs 1"
        ) from error
    except (apsw.FullError, asyncpg.DiskFullError) as error:
        raise click.ClickException("the disk of the store is full; what was not acknowledged was not kept") from error
    except apsw.NotADBError as error:
        raise click.ClickException(f"FELLES_STORE (or --store) leads to no store of Felles: {error}") from error
    except ConnectionError as error:
        raise click.ClickException(f"PostgreSQL does not answer at FELLES_STORE (or --store): {error}") from error
    except (StoreLocked, ValueError, OSError, apsw.Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise click.ClickException(str(error) or type(error).__name__) from error
