-- Whom a patient has to do with, whom a resource without one patient concerns, and how often relations have changed.
-- `subject` and `whom` are keys of "Type/id"; `low` and `high` microseconds; `state` 1 while it goes on, 0 when ended.

CREATE TABLE relation_index (
  patient INTEGER NOT NULL, subject INTEGER NOT NULL, ground INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
  state INTEGER NOT NULL, date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (patient, subject, ground, low, high, state, date, rid)
) WITHOUT ROWID;
CREATE INDEX relation_index_subject ON relation_index (subject, patient);

CREATE TABLE concern_index (rid INTEGER NOT NULL, whom INTEGER NOT NULL, PRIMARY KEY (rid, whom)) WITHOUT ROWID;
CREATE INDEX concern_index_whom ON concern_index (whom, rid);

CREATE TABLE epoch (key INTEGER PRIMARY KEY, number INTEGER NOT NULL);

-- Resources that stand here already get their rows from `felles reindex`, which `felles serve` runs first.
INSERT INTO store SELECT 'reindex', '2' WHERE EXISTS (SELECT 1 FROM resource);
