-- The roll-out's journal: plans, raw records, evidence, answers of gates, decisions, faults and notices, each entry sealed
-- over itself and the one before it. Nothing is changed or taken out. No patient data. `at` microseconds since 1970.

CREATE TABLE rollout (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  author TEXT NOT NULL,
  body TEXT NOT NULL,
  seal TEXT NOT NULL
);
CREATE INDEX rollout_kind ON rollout (kind, subject, number);
