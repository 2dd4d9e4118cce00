"""What an operator may set, from the environment. A command's flags stand above it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each is read from the environment variable that its metadata names."""

    store: str = field(
        default="var/felles.db",
        metadata={"variable": "FELLES_STORE", "help": "The store: a file path, or a postgresql:// address."},
    )
    host: str = field(
        default="127.0.0.1",
        metadata={
            "variable": "FELLES_HOST",
            "help": "The address to listen on. Others than loopback are taken only with FELLES_ORIGIN.",
        },
    )
    port: int = field(default=8080, metadata={"variable": "FELLES_PORT", "help": "The port to listen on."})
    origin: str = field(
        default="",
        metadata={
            "variable": "FELLES_ORIGIN",
            "help": "The https address at which people reach Felles through a proxy that speaks TLS, as in "
            "https://felles.example. If unset, and always for a store marked as demo: this machine only.",
        },
    )
    oidc: str = field(
        default="",
        metadata={
            "variable": "FELLES_OIDC",
            "help": "A TOML or JSON file of the OpenID providers that people sign in at: a list `provider` of `name`, "
            "`kind` (helseid or idporten), `title`, `issuer`, `client_id`, `key` (a private JWK or PEM file beside "
            "it), and if they are not the usual ones `key_algorithm`, `scope`, `algorithms`, `level`, `acr_values`, "
            "`resource`, `dpop`. If unset: demo people and local accounts only.",
        },
    )
    keys: str = field(
        default="",
        metadata={
            "variable": "FELLES_KEYS",
            "help": "The folder of the keys that sign access tokens (mode 0700). If unset: beside an embedded store, "
            "its name with -keys; for PostgreSQL var/felles-keys.",
        },
    )
    log: str = field(
        default="",
        metadata={
            "variable": "FELLES_LOG",
            "help": "The folder of the access log's segments and signing key (mode 0700). If unset: beside an embedded "
            "store, its name with -log; for PostgreSQL var/felles-log.",
        },
    )
    anchor: str = field(
        default="",
        metadata={
            "variable": "FELLES_ANCHOR",
            "help": "The file to which every seal of the access log is added; ship it to where other people keep it. "
            "If unset: anchors.jsonl in the folder of the log.",
        },
    )
    smtp: str = field(
        default="",
        metadata={
            "variable": "FELLES_SMTP",
            "help": "The mail server that takes notices of letters: smtp:// or smtps://, perhaps user:password@, a "
            "host, perhaps a port, and ?from= the sender's address. If unset, patients get no notice, and a letter "
            "that is not opened in time goes on paper.",
        },
    )
    npr: str = field(
        default="",
        metadata={
            "variable": "FELLES_NPR",
            "help": "The folder (mode 0700) in which the month's messages for Norsk pasientregister are put each "
            "night. If unset, only whether they are valid and add up is kept; `felles npr extract --out` takes them.",
        },
    )
    npr_xsd: str = field(
        default="",
        metadata={
            "variable": "FELLES_NPR_XSD",
            "help": "The folder of the official schemas of NPR's messages. If unset, nothing is said of whether a "
            "message is valid.",
        },
    )


_ORIGIN = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def settings(environment: Mapping[str, str] = os.environ, **flags: str | int | None) -> Settings:
    """Settings from flags, else the environment, else the defaults. Raises ValueError naming the variable."""
    values: dict[str, str | int] = {}
    for one in fields(Settings):
        variable = one.metadata["variable"]
        given = flags.get(one.name)
        value = given if given is not None else environment.get(variable)
        if value is None or value == "":
            continue
        values[one.name] = _number(variable, value) if one.type is int else str(value)
    found = Settings(**values)  # type: ignore[arg-type]
    if "://" in found.store and not found.store.startswith(("postgresql://", "postgres://")):
        raise ValueError("FELLES_STORE must be a file path or a postgresql:// address")
    if found.origin and not _ORIGIN.fullmatch(found.origin):
        raise ValueError("FELLES_ORIGIN must be https:// and a name, perhaps a port, and nothing after it")
    return found


def _number(variable: str, value: str | int) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise ValueError(f"{variable} must be a whole number, it is {value!r}") from error
    if not 0 <= number <= 65_535:
        raise ValueError(f"{variable} must be between 0 and 65535")
    return number
