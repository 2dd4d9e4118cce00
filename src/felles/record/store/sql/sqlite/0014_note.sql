-- Notes that are being written: rows outside the resources, which become a version on signing. `patient` is the key of the
-- patient, `subject`, `unit` and `author` "Type/id"; `about` the document that a note is added to. Times are
-- microseconds since 1970. A section's `version` counts its saves: who saves over another's text is told, and both stay.

CREATE TABLE note (
  id TEXT PRIMARY KEY,
  patient INTEGER NOT NULL,
  subject TEXT NOT NULL,
  unit TEXT NOT NULL,
  author TEXT NOT NULL,
  template TEXT NOT NULL,
  about TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX note_patient ON note (patient, created);
CREATE TABLE note_section (
  note TEXT NOT NULL,
  place INTEGER NOT NULL,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (note, place)
);

-- Answers and orders that came before this are history: nobody owes them anything.
INSERT INTO store (name, value) VALUES ('owed since', CAST(strftime('%s', 'now') AS TEXT) || '000000')
ON CONFLICT DO NOTHING;
