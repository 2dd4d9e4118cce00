-- What has happened, as the numbers of steering count it: a row for each referral period, appointment and stay, and what
-- is counted of it, written in its transaction and built anew from the resources. `subject`, `unit` are 64-bit keys of
-- "Type/id"; `month` months since the year 0, `day` days since 1970; `value` days or hours; `good` 1 as it should be.

CREATE TABLE steering (
  subject int8 NOT NULL,
  kind int2 NOT NULL,
  unit int8 NOT NULL,
  month int4 NOT NULL,
  day int4 NOT NULL,
  value int4,
  good int2,
  field text NOT NULL,
  PRIMARY KEY (subject, kind)
);
CREATE INDEX steering_month ON steering (unit, month, kind, field, value, good);
CREATE INDEX steering_day ON steering (unit, kind, day, subject);
