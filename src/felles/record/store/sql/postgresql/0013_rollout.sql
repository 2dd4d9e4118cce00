-- The roll-out's journal: plans, raw records, evidence, answers of gates, decisions, faults and notices, each entry sealed
-- over itself and the one before it. Nothing is changed or taken out. No patient data. `at` microseconds since 1970.

CREATE TABLE rollout (
  number int8 PRIMARY KEY,
  at int8 NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  author text NOT NULL,
  body text NOT NULL,
  seal text NOT NULL
);
CREATE INDEX rollout_kind ON rollout (kind, subject, number);
