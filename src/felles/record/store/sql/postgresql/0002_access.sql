-- Whom a patient has to do with, whom a resource without one patient concerns, and how often relations have changed.
-- `subject` and `whom` are keys of "Type/id"; `low` and `high` microseconds; `state` 1 while it goes on, 0 when ended.

CREATE TABLE relation_index (
  patient int8 NOT NULL, subject int8 NOT NULL, ground int4 NOT NULL, low int8 NOT NULL, high int8 NOT NULL,
  state int4 NOT NULL, date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX relation_index_key ON relation_index (patient, subject, ground, rid);
CREATE INDEX relation_index_subject ON relation_index (subject, patient);

CREATE TABLE concern_index (rid int8 NOT NULL, whom int8 NOT NULL);
CREATE INDEX concern_index_key ON concern_index (rid, whom);
CREATE INDEX concern_index_whom ON concern_index (whom, rid);

CREATE TABLE epoch (key int8 PRIMARY KEY, number int8 NOT NULL);

-- Resources that stand here already get their rows from `felles reindex`, which `felles serve` runs first.
INSERT INTO store SELECT 'reindex', '2' WHERE EXISTS (SELECT 1 FROM resource);
