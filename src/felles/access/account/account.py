"""Local accounts: who has one, by which name, and whom in the record it belongs to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from felles.access.account.onetime import new_recovery_codes, recovery_digest, step_of
from felles.access.account.password import hashed, holds
from felles.access.account.throttle import Throttle
from felles.access.attempt import give, look
from felles.access.attendance import refused
from felles.access.session import Proof, digest
from felles.access.table import Tables, put
from felles.record.store import Line

LOCAL, SUBSTANTIAL, HIGH = "local", 3, 4
INVITATION, INVITED_SECONDS = "invitation", 7 * 24 * 3600
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Account:
    """`person` is "Practitioner/x" or "Patient/x"; `password` an Argon2id hash, `secret` that of the code app, `step`
    the last time step whose code was used. Without password and secret only passkeys open it."""

    id: str
    name: str
    person: str
    password: str | None = None
    secret: str | None = None
    step: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """An account that was proved to be the visitor's; `used` is written in the transaction that lets them in."""

    account: Account
    level: int
    used: Sequence[Line]

    def proof(self, now: float) -> Proof:
        return Proof(self.account.person, self.level, LOCAL, self.account.id, int(now))


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many failures: nothing is tried for so many seconds."""

    seconds: int


def plain_name(name: str) -> str:
    """An account's name as it is compared."""
    return name.strip().casefold()


async def by_id(tables: Tables, id: str) -> Account | None:
    rows = await tables.ask("account by id", [id])
    return Account(*rows[0]) if rows else None


async def by_name(tables: Tables, name: str) -> Account | None:
    rows = await tables.ask("account by name", [plain_name(name)])
    return Account(*rows[0]) if rows else None


async def check(tables: Tables, name: str, password: str, code: str, address: str, now: float) -> Opened | Wait | None:
    """The account whose password and code these are (a code serves once); None where any of it is wrong, without saying
    which."""
    throttle = Throttle(tables, plain_name(name)[:LONGEST_NAME], address)
    if wait := await throttle.enter(now):
        return Wait(wait)
    account = await by_name(tables, name[:LONGEST_NAME])
    right = await holds(account.password if account else None, password)
    used = await _used(tables, account, code, now) if account else None
    if account and right and used:
        return Opened(account, SUBSTANTIAL, [used, *throttle.pardon()])
    await refused(tables, now, LOCAL, "wrong", account.person if account else "")
    return None


async def _used(tables: Tables, account: Account, code: str, now: float) -> Line | None:
    """What marks a one-time or recovery code as used, if it is one of the account's."""
    step = step_of(account.secret, code, now, account.step) if account.secret else None
    if step is not None:
        return Line("account step", [account.id, step], rows=1)
    kept = {row[0] for row in await tables.ask("recovery codes", [account.id])}
    given = recovery_digest(code)
    return Line("recovery use", [account.id, given], rows=1) if given in kept else None


async def add(tables: Tables, name: str, person: str, now: float) -> str | None:
    """A new account that nobody can open yet; its invitation, or None where the name is taken."""
    account = Account(secrets.token_hex(16), plain_name(name), person)
    if not await put(tables, Line("account add", [account.id, account.name, person, int(now)], rows=1)):
        return None
    return await invite(tables, account, now)


async def invite(tables: Tables, account: Account, now: float) -> str:
    """A new invitation to choose how to sign in; older ones are void."""
    await put(tables, Line("attempts of holder", [INVITATION, holder_of(account)]))
    return await give(tables, INVITATION, f"account {account.id}", account.id, now, INVITED_SECONDS)


def holder_of(account: Account) -> str:
    """What an account's invitations are bound to, as the store keeps it."""
    return digest(f"account {account.id}")


async def remove(tables: Tables, account: Account) -> None:
    """The account, its passkeys, codes and sessions."""
    names = ("account remove", "passkeys remove", "recovery remove", "sessions end of account")
    void = Line("attempts of holder", [INVITATION, holder_of(account)])
    await put(tables, void, *(Line(name, [account.id]) for name in names))


async def set_password(
    tables: Tables, account: Account, invitation: str, password: str, secret: str, step: int
) -> list[str] | None:
    """Gives an account a password and a code app, against its invitation; the new recovery codes, shown this once.
    None where the invitation has been used meanwhile."""
    codes = new_recovery_codes()
    done = await put(
        tables,
        *taken(account, invitation),
        Line("account secrets", [account.id, await hashed(password), secret, step], rows=1),
        Line("recovery remove", [account.id]),
        *(Line("recovery add", [account.id, recovery_digest(code)]) for code in codes),
    )
    return codes if done else None


def taken(account: Account, invitation: str) -> list[Line]:
    """What uses up an invitation, in the transaction that it allows; all others of the account are void."""
    void = Line("attempts of holder", [INVITATION, holder_of(account)])
    return [Line("attempt end", [digest(invitation)], rows=1), void]


async def invited(tables: Tables, invitation: str, now: float) -> Account | None:
    """Whose invitation it is, if it is still good."""
    id = await look(tables, INVITATION, invitation, now)
    return await by_id(tables, id) if isinstance(id, str) else None


async def listed(tables: Tables) -> Sequence[tuple[str, str, bool, int]]:
    """(name, person, has a password, number of passkeys) of every account."""
    return [(name, person, bool(word), int(keys)) for name, person, word, keys in await tables.ask("accounts")]
