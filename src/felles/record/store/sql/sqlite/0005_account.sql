-- Who is signed in, sign-ins under way, local accounts. Times are seconds since 1970; of tokens and codes only digests.

CREATE TABLE session (
  token TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, person TEXT NOT NULL, role TEXT, level INTEGER NOT NULL,
  provider TEXT NOT NULL, subject TEXT NOT NULL, signed INTEGER NOT NULL, started INTEGER NOT NULL,
  seen INTEGER NOT NULL, hint TEXT
) WITHOUT ROWID;
CREATE INDEX session_person ON session (person);

-- What may be used once: a sign-in at a provider, a passkey's challenge, an invitation to an account.
CREATE TABLE attempt (
  token TEXT PRIMARY KEY, kind TEXT NOT NULL, holder TEXT NOT NULL, body TEXT NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, person TEXT NOT NULL, password TEXT, secret TEXT,
  step INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE passkey (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, public TEXT NOT NULL, counter INTEGER NOT NULL, created INTEGER NOT NULL,
  used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account);

CREATE TABLE recovery (account TEXT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (account, code)) WITHOUT ROWID;

-- Failed attempts by account and by address; nothing is tried before `until`.
CREATE TABLE failure (key TEXT PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
