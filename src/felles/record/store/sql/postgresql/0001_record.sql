-- The record: current resources with their bytes, superseded versions, the change feed, the index.
-- Keys are 64-bit: `key` is XXH3 of "Type/id", `patient` the key of the one patient whose compartment holds the row (0: none).
-- `updated`, `date`, `low`, `high` are microseconds since 1970-01-01T00:00Z.

CREATE TABLE store (name text PRIMARY KEY, value text NOT NULL);

CREATE TABLE directory (key int8 PRIMARY KEY, rid int8 NOT NULL, patient int8 NOT NULL);

CREATE SEQUENCE rid INCREMENT BY 1000;

CREATE TABLE resource (
  patient int8 NOT NULL,
  rid int8 PRIMARY KEY,
  type int4 NOT NULL,
  key int8 NOT NULL,
  id text NOT NULL,
  number int4 NOT NULL,
  updated int8 NOT NULL,
  date int8 NOT NULL,
  deleted int4 NOT NULL,
  body bytea
);
ALTER TABLE resource ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE resource SET (toast_tuple_target = 8160);
CREATE INDEX resource_updated ON resource (type, updated, rid) WHERE deleted = 0;
CREATE INDEX resource_patient ON resource (patient, type, date, rid) WHERE deleted = 0 AND patient <> 0;

CREATE TABLE version (
  patient int8 NOT NULL,
  rid int8 NOT NULL,
  number int4 NOT NULL,
  type int4 NOT NULL,
  updated int8 NOT NULL,
  kind int4 NOT NULL,
  body bytea,
  PRIMARY KEY (rid, number)
);

-- Sequences commit out of order: the feed is read in the order (xid, seq), and only below the oldest open transaction.
CREATE TABLE change (
  patient int8 NOT NULL,
  seq int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  rid int8 NOT NULL,
  number int4 NOT NULL,
  type int4 NOT NULL,
  updated int8 NOT NULL,
  kind int4 NOT NULL,
  origin int4 NOT NULL
);
CREATE INDEX change_type ON change (type, seq);
CREATE INDEX change_xid ON change (xid, seq);

CREATE TABLE cursor (name text PRIMARY KEY, xid xid8 NOT NULL, position int8 NOT NULL);

CREATE UNLOGGED TABLE page (token text PRIMARY KEY, expires int8 NOT NULL, plan bytea NOT NULL);
CREATE INDEX page_expires ON page (expires);

CREATE TABLE token_index (
  patient int8 NOT NULL, term int4 NOT NULL, code int8 NOT NULL, system int8 NOT NULL, date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX token_index_key ON token_index (term, code, date, rid, system);

CREATE TABLE patient_index (
  patient int8 NOT NULL, term int4 NOT NULL, code int8 NOT NULL, system int8 NOT NULL, date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX patient_index_key ON patient_index (patient, term, code, date, rid, system);

CREATE TABLE text_index (
  patient int8 NOT NULL, term int4 NOT NULL, value text COLLATE "C" NOT NULL, exact int8 NOT NULL,
  date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX text_index_key ON text_index (term, value, date, rid, exact);

CREATE TABLE date_index (
  patient int8 NOT NULL, term int4 NOT NULL, span int4 NOT NULL, low int8 NOT NULL, high int8 NOT NULL,
  date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX date_index_key ON date_index (term, span, low, high, date, rid);

CREATE TABLE quantity_index (
  patient int8 NOT NULL, term int4 NOT NULL, low float8 NOT NULL, high float8 NOT NULL,
  system int8 NOT NULL, code int8 NOT NULL, date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX quantity_index_key ON quantity_index (term, low, high, system, code, date, rid);

CREATE TABLE reference_index (
  patient int8 NOT NULL, term int4 NOT NULL, target int8 NOT NULL, kind int4 NOT NULL, date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX reference_index_key ON reference_index (term, target, date, rid);

CREATE TABLE composite_index (
  patient int8 NOT NULL, term int4 NOT NULL, code int8 NOT NULL, system int8 NOT NULL,
  low float8 NOT NULL, high float8 NOT NULL, code2 int8 NOT NULL, system2 int8 NOT NULL, value text COLLATE "C" NOT NULL,
  date int8 NOT NULL, rid int8 NOT NULL
);
CREATE INDEX composite_index_key ON composite_index (term, code, system, low, high, code2, system2, value, date, rid);
