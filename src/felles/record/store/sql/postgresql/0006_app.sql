-- Apps, and what people have granted them. Times are seconds since 1970; of codes, tokens and secrets only digests.

CREATE TABLE app (
  id text PRIMARY KEY, name text NOT NULL, body text NOT NULL, created int8 NOT NULL, ended int8 NOT NULL
);

-- `used`: the grant that came of the code; a code that comes again ends it.
CREATE TABLE app_code (
  token text PRIMARY KEY, body text NOT NULL, expires int8 NOT NULL, used text NOT NULL
);

CREATE TABLE app_grant (
  id text PRIMARY KEY, app text NOT NULL, person text NOT NULL, session text NOT NULL, body text NOT NULL,
  created int8 NOT NULL, expires int8 NOT NULL, ended int8 NOT NULL
);
CREATE INDEX app_grant_person ON app_grant (person);
CREATE INDEX app_grant_app ON app_grant (app);
CREATE INDEX app_grant_expires ON app_grant (expires);

-- Every refresh token of a grant, used ones too: one that comes again ends the grant.
CREATE TABLE app_refresh (
  token text PRIMARY KEY, grant_id text NOT NULL, expires int8 NOT NULL, used int8 NOT NULL
);
CREATE INDEX app_refresh_expires ON app_refresh (expires);

-- Assertions that apps have shown who they are with, so that none counts twice.
CREATE TABLE app_seen (key text PRIMARY KEY, expires int8 NOT NULL);
