-- The record: current resources with their bytes, superseded versions, the change feed, the index.
-- Keys are 64-bit: `key` is XXH3 of "Type/id", `patient` the key of the one patient whose compartment holds the row (0: none).
-- `updated`, `date`, `low`, `high` are microseconds since 1970-01-01T00:00Z.

CREATE TABLE store (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE directory (key INTEGER PRIMARY KEY, rid INTEGER NOT NULL, patient INTEGER NOT NULL);

CREATE TABLE resource (
  patient INTEGER NOT NULL,
  rid INTEGER PRIMARY KEY,
  type INTEGER NOT NULL,
  key INTEGER NOT NULL,
  id TEXT NOT NULL,
  number INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  date INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  body BLOB
);
CREATE INDEX resource_updated ON resource (type, updated, rid) WHERE deleted = 0;
CREATE INDEX resource_patient ON resource (patient, type, date, rid) WHERE deleted = 0 AND patient <> 0;

CREATE TABLE version (
  patient INTEGER NOT NULL,
  rid INTEGER NOT NULL,
  number INTEGER NOT NULL,
  type INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  body BLOB,
  PRIMARY KEY (rid, number)
) WITHOUT ROWID;

CREATE TABLE change (
  patient INTEGER NOT NULL,
  seq INTEGER PRIMARY KEY,
  rid INTEGER NOT NULL,
  number INTEGER NOT NULL,
  type INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  origin INTEGER NOT NULL
);
CREATE INDEX change_type ON change (type, seq);

CREATE TABLE cursor (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE token_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, code INTEGER NOT NULL, system INTEGER NOT NULL,
  date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (term, code, date, rid, system)
) WITHOUT ROWID;

CREATE TABLE patient_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, code INTEGER NOT NULL, system INTEGER NOT NULL,
  date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (patient, term, code, date, rid, system)
) WITHOUT ROWID;

CREATE TABLE text_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, value TEXT NOT NULL, exact INTEGER NOT NULL,
  date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (term, value, date, rid, exact)
) WITHOUT ROWID;

CREATE TABLE date_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, span INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
  date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (term, span, low, high, date, rid)
) WITHOUT ROWID;

CREATE TABLE quantity_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
  system INTEGER NOT NULL, code INTEGER NOT NULL, date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (term, low, high, system, code, date, rid)
) WITHOUT ROWID;

CREATE TABLE reference_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, target INTEGER NOT NULL, kind INTEGER NOT NULL,
  date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (term, target, date, rid)
) WITHOUT ROWID;

CREATE TABLE composite_index (
  patient INTEGER NOT NULL, term INTEGER NOT NULL, code INTEGER NOT NULL, system INTEGER NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, code2 INTEGER NOT NULL, system2 INTEGER NOT NULL, value TEXT NOT NULL,
  date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (term, code, system, low, high, code2, system2, value, date, rid)
) WITHOUT ROWID;
