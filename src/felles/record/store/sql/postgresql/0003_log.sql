-- The access log. `trail`: rows of writes, committed with the write, until they are sealed. `log`: every row in one
-- order, each with the hash of all before it; nothing of it is ever changed. `moment` is microseconds; `person` and
-- `patient` are keys of "Type/id". `body` is the row as it was told (MessagePack); the other columns are for finding it.

CREATE TABLE trail (seq int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL);

CREATE TABLE log (
  seq int8 PRIMARY KEY, moment int8 NOT NULL, person int8 NOT NULL, act int4 NOT NULL, hash bytea NOT NULL, body bytea NOT NULL
);
CREATE INDEX log_person ON log (person, seq);
CREATE INDEX log_moment ON log (moment, seq);

CREATE TABLE log_patient (patient int8 NOT NULL, seq int8 NOT NULL, PRIMARY KEY (patient, seq));

-- A signed statement that rows `first` to `last` end in `root`.
CREATE TABLE log_seal (
  number int8 PRIMARY KEY, first int8 NOT NULL, last int8 NOT NULL, moment int8 NOT NULL,
  root bytea NOT NULL, key bytea NOT NULL, signature bytea NOT NULL
);

-- Where the chain ends, and how far each segment of rows has been taken in.
CREATE TABLE log_head (one int4 PRIMARY KEY CHECK (one = 1), seq int8 NOT NULL, seal int8 NOT NULL, hash bytea NOT NULL);
INSERT INTO log_head VALUES (1, 0, 0, decode(repeat('00', 32), 'hex'));
CREATE TABLE log_segment (name text PRIMARY KEY, position int8 NOT NULL);

-- What the search for unusual reading has found; `evidence` is a JSON list of rows' numbers.
CREATE TABLE log_finding (
  id text PRIMARY KEY, moment int8 NOT NULL, kind text NOT NULL, person text NOT NULL, unit text NOT NULL,
  patient int8 NOT NULL, evidence text NOT NULL
);
CREATE INDEX log_finding_moment ON log_finding (moment);

CREATE FUNCTION log_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the log is only added to'; END $$;
CREATE TRIGGER log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log EXECUTE FUNCTION log_kept();
CREATE TRIGGER log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log_patient EXECUTE FUNCTION log_kept();
CREATE TRIGGER log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log_seal EXECUTE FUNCTION log_kept();
REVOKE UPDATE, DELETE, TRUNCATE ON log, log_patient, log_seal FROM PUBLIC, CURRENT_USER;
