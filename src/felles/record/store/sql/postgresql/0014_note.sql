-- Notes that are being written: rows outside the resources, which become a version on signing. `patient` is the key of the
-- patient, `subject`, `unit` and `author` "Type/id"; `about` the document that a note is added to. Times are
-- microseconds since 1970. A section's `version` counts its saves: who saves over another's text is told, and both stay.

CREATE TABLE note (
  id text PRIMARY KEY,
  patient int8 NOT NULL,
  subject text NOT NULL,
  unit text NOT NULL,
  author text NOT NULL,
  template text NOT NULL,
  about text NOT NULL,
  created int8 NOT NULL
);
CREATE INDEX note_patient ON note (patient, created);
CREATE TABLE note_section (
  note text NOT NULL,
  place int8 NOT NULL,
  version int8 NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  author text NOT NULL,
  changed int8 NOT NULL,
  PRIMARY KEY (note, place)
);

-- Answers and orders that came before this are history: nobody owes them anything.
INSERT INTO store (name, value) VALUES ('owed since', (extract(epoch FROM now())::int8 * 1000000)::text)
ON CONFLICT DO NOTHING;
