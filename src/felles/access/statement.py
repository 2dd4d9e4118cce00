"""The statements on the tables of sign-in (migration 0005), by name. Times are seconds since 1970."""

from collections.abc import Mapping

from felles.record.store import Sql

_SESSION = "id, person, role, level, provider, subject, signed, started, seen, hint"

LINES: Mapping[str, Sql] = {
    "session begin": Sql(
        f"INSERT INTO session (token, {_SESSION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"  # noqa: S608
    ),
    "session of token": Sql(f"SELECT {_SESSION} FROM session WHERE token = $1"),  # noqa: S608
    "session of id": Sql(f"SELECT {_SESSION} FROM session WHERE id = $1"),  # noqa: S608
    "sessions of person": Sql(f"SELECT {_SESSION} FROM session WHERE person = $1 AND seen >= $2 AND started >= $3"),  # noqa: S608
    "session seen": Sql("UPDATE session SET seen = $2 WHERE id = $1 AND seen < $2"),
    "session end": Sql("DELETE FROM session WHERE id = $1"),
    "session end of person": Sql("DELETE FROM session WHERE id = $1 AND person = $2"),
    "sessions end": Sql("DELETE FROM session WHERE person = $1"),
    "sessions end of account": Sql("DELETE FROM session WHERE provider = 'local' AND subject = $1"),
    "sessions of subject": Sql(f"SELECT {_SESSION} FROM session WHERE provider = $1 AND subject = $2"),  # noqa: S608
    "sessions end of subject": Sql("DELETE FROM session WHERE provider = $1 AND subject = $2"),
    "sessions end of everybody": Sql("DELETE FROM session"),
    "attempts end": Sql("DELETE FROM attempt"),
    "sessions past": Sql("DELETE FROM session WHERE started < $1"),
    "attempt begin": Sql("INSERT INTO attempt (token, kind, holder, body, expires) VALUES ($1, $2, $3, $4, $5)"),
    "attempt": Sql("SELECT holder, body FROM attempt WHERE token = $1 AND kind = $2 AND expires >= $3"),
    "attempt end": Sql("DELETE FROM attempt WHERE token = $1"),
    "attempts past": Sql("DELETE FROM attempt WHERE expires < $1"),
    "attempts of holder": Sql("DELETE FROM attempt WHERE kind = $1 AND holder = $2"),
    "account add": Sql(
        "INSERT INTO account (id, name, person, created) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING"
    ),
    "account by id": Sql("SELECT id, name, person, password, secret, step FROM account WHERE id = $1"),
    "account by name": Sql("SELECT id, name, person, password, secret, step FROM account WHERE name = $1"),
    "accounts": Sql(
        "SELECT a.name, a.person, a.password IS NOT NULL, (SELECT count(*) FROM passkey p WHERE p.account = a.id) "
        "FROM account a ORDER BY a.name"
    ),
    "account secrets": Sql("UPDATE account SET password = $2, secret = $3, step = $4 WHERE id = $1"),
    "account step": Sql("UPDATE account SET step = $2 WHERE id = $1 AND step < $2"),
    "account remove": Sql("DELETE FROM account WHERE id = $1"),
    "passkey add": Sql(
        "INSERT INTO passkey (id, account, public, counter, created, used) VALUES ($1, $2, $3, $4, $5, $5) "
        "ON CONFLICT (id) DO NOTHING"
    ),
    "passkey": Sql("SELECT account, public, counter FROM passkey WHERE id = $1"),
    "passkeys": Sql("SELECT id, created, used FROM passkey WHERE account = $1 ORDER BY created"),
    "passkey used": Sql("UPDATE passkey SET counter = $2, used = $3 WHERE id = $1 AND counter = $4"),
    "passkey remove": Sql("DELETE FROM passkey WHERE id = $1 AND account = $2"),
    "passkeys remove": Sql("DELETE FROM passkey WHERE account = $1"),
    "recovery add": Sql("INSERT INTO recovery (account, code) VALUES ($1, $2)"),
    "recovery use": Sql("DELETE FROM recovery WHERE account = $1 AND code = $2"),
    "recovery codes": Sql("SELECT code FROM recovery WHERE account = $1"),
    "recovery remove": Sql("DELETE FROM recovery WHERE account = $1"),
    "failure": Sql("SELECT count, until FROM failure WHERE key = $1"),
    "failure first": Sql("INSERT INTO failure (key, count, until) VALUES ($1, 1, $2) ON CONFLICT (key) DO NOTHING"),
    "failure again": Sql("UPDATE failure SET count = $2, until = $3 WHERE key = $1 AND count = $4 AND until = $5"),
    "failure clear": Sql("DELETE FROM failure WHERE key = $1"),
    "failure less": Sql("UPDATE failure SET count = count - 1, until = 0 WHERE key = $1 AND count > 0"),
    "failures past": Sql("DELETE FROM failure WHERE until < $1"),
}
