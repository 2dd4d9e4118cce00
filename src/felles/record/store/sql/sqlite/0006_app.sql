-- Apps, and what people have granted them. Times are seconds since 1970; of codes, tokens and secrets only digests.

CREATE TABLE app (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL, ended INTEGER NOT NULL
) WITHOUT ROWID;

-- `used`: the grant that came of the code; a code that comes again ends it.
CREATE TABLE app_code (
  token TEXT PRIMARY KEY, body TEXT NOT NULL, expires INTEGER NOT NULL, used TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE app_grant (
  id TEXT PRIMARY KEY, app TEXT NOT NULL, person TEXT NOT NULL, session TEXT NOT NULL, body TEXT NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL, ended INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX app_grant_person ON app_grant (person);
CREATE INDEX app_grant_app ON app_grant (app);
CREATE INDEX app_grant_expires ON app_grant (expires);

-- Every refresh token of a grant, used ones too: one that comes again ends the grant.
CREATE TABLE app_refresh (
  token TEXT PRIMARY KEY, grant_id TEXT NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX app_refresh_expires ON app_refresh (expires);

-- Assertions that apps have shown who they are with, so that none counts twice.
CREATE TABLE app_seen (key TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
