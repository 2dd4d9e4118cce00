-- Who is signed in, sign-ins under way, local accounts. Times are seconds since 1970; of tokens and codes only digests.

CREATE TABLE session (
  token text PRIMARY KEY, id text NOT NULL UNIQUE, person text NOT NULL, role text, level int8 NOT NULL,
  provider text NOT NULL, subject text NOT NULL, signed int8 NOT NULL, started int8 NOT NULL,
  seen int8 NOT NULL, hint text
);
CREATE INDEX session_person ON session (person);

-- What may be used once: a sign-in at a provider, a passkey's challenge, an invitation to an account.
CREATE TABLE attempt (
  token text PRIMARY KEY, kind text NOT NULL, holder text NOT NULL, body text NOT NULL, expires int8 NOT NULL
);

CREATE TABLE account (
  id text PRIMARY KEY, name text NOT NULL UNIQUE, person text NOT NULL, password text, secret text,
  step int8 NOT NULL DEFAULT 0, created int8 NOT NULL
);

CREATE TABLE passkey (
  id text PRIMARY KEY, account text NOT NULL, public text NOT NULL, counter int8 NOT NULL, created int8 NOT NULL,
  used int8 NOT NULL
);
CREATE INDEX passkey_account ON passkey (account);

CREATE TABLE recovery (account text NOT NULL, code text NOT NULL, PRIMARY KEY (account, code));

-- Failed attempts by account and by address; nothing is tried before `until`.
CREATE TABLE failure (key text PRIMARY KEY, count int8 NOT NULL, until int8 NOT NULL);
