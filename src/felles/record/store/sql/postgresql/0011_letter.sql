-- How many letters go to whom: a row for each delivery (`letter_delta`, appended in its transaction), folded into a count
-- for each day. `unit` is the 64-bit key of "Organization/x", `day` days since 1970, `role` the receiver's role, empty
-- for the letter itself.

CREATE TABLE letter_delta (
  seq int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit int8 NOT NULL,
  day int4 NOT NULL,
  template text NOT NULL,
  role text NOT NULL
);
CREATE TABLE letter_day (
  unit int8 NOT NULL,
  template text NOT NULL,
  role text NOT NULL,
  day int4 NOT NULL,
  count int4 NOT NULL,
  PRIMARY KEY (unit, template, role, day)
);
CREATE INDEX letter_day_day ON letter_day (day);
