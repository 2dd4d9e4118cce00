-- How many letters go to whom: a row for each delivery (`letter_delta`, appended in its transaction), folded into a count
-- for each day. `unit` is the 64-bit key of "Organization/x", `day` days since 1970, `role` the receiver's role, empty
-- for the letter itself.

CREATE TABLE letter_delta (
  seq INTEGER PRIMARY KEY,
  unit INTEGER NOT NULL,
  day INTEGER NOT NULL,
  template TEXT NOT NULL,
  role TEXT NOT NULL
);
CREATE TABLE letter_day (
  unit INTEGER NOT NULL,
  template TEXT NOT NULL,
  role TEXT NOT NULL,
  day INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (unit, template, role, day)
) WITHOUT ROWID;
CREATE INDEX letter_day_day ON letter_day (day);
