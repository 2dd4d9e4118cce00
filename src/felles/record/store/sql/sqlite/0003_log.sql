-- The access log. `trail`: rows of writes, committed with the write, until they are sealed. `log`: every row in one
-- order, each with the hash of all before it; nothing of it is ever changed. `moment` is microseconds; `person` and
-- `patient` are keys of "Type/id". `body` is the row as it was told (MessagePack); the other columns are for finding it.

CREATE TABLE trail (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);

CREATE TABLE log (
  seq INTEGER PRIMARY KEY, moment INTEGER NOT NULL, person INTEGER NOT NULL, act INTEGER NOT NULL,
  hash BLOB NOT NULL, body BLOB NOT NULL
);
CREATE INDEX log_person ON log (person, seq);
CREATE INDEX log_moment ON log (moment, seq);

CREATE TABLE log_patient (patient INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (patient, seq)) WITHOUT ROWID;

-- A signed statement that rows `first` to `last` end in `root`.
CREATE TABLE log_seal (
  number INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, moment INTEGER NOT NULL,
  root BLOB NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL
);

-- Where the chain ends, and how far each segment of rows has been taken in.
CREATE TABLE log_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, seal INTEGER NOT NULL, hash BLOB NOT NULL);
INSERT INTO log_head VALUES (1, 0, 0, zeroblob(32));
CREATE TABLE log_segment (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;

-- What the search for unusual reading has found; `evidence` is a JSON list of rows' numbers.
CREATE TABLE log_finding (
  id TEXT PRIMARY KEY, moment INTEGER NOT NULL, kind TEXT NOT NULL, person TEXT NOT NULL, unit TEXT NOT NULL,
  patient INTEGER NOT NULL, evidence TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX log_finding_moment ON log_finding (moment);

CREATE TRIGGER log_unchanged BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_kept BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_patient_unchanged BEFORE UPDATE ON log_patient BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_patient_kept BEFORE DELETE ON log_patient BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_seal_unchanged BEFORE UPDATE ON log_seal BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_seal_kept BEFORE DELETE ON log_seal BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
