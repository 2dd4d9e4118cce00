-- What has happened, as the numbers of steering count it: a row for each referral period, appointment and stay, and what
-- is counted of it, written in its transaction and built anew from the resources. `subject`, `unit` are 64-bit keys of
-- "Type/id"; `month` months since the year 0, `day` days since 1970; `value` days or hours; `good` 1 as it should be.

CREATE TABLE steering (
  subject INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  unit INTEGER NOT NULL,
  month INTEGER NOT NULL,
  day INTEGER NOT NULL,
  value INTEGER,
  good INTEGER,
  field TEXT NOT NULL,
  PRIMARY KEY (subject, kind)
);
CREATE INDEX steering_month ON steering (unit, month, kind, field, value, good);
CREATE INDEX steering_day ON steering (unit, kind, day, subject);
