-- The waiting list: one row for each referral period (EpisodeOfCare), written in the transaction of what it shows and
-- built anew from the resources. `period`, `unit`, `patient`, `referral` are 64-bit keys of "Type/id"; `seniority`,
-- `received`, `assessed`, `deadline`, `ended` days since 1970; `booked` microseconds: when the patient is to come.

CREATE TABLE waiting (
  period int8 PRIMARY KEY,
  unit int8 NOT NULL,
  patient int8 NOT NULL,
  status int2 NOT NULL,
  seniority int4 NOT NULL,
  received int4 NOT NULL,
  assessed int4,
  deadline int4,
  booked int8,
  ended int4,
  outcome text NOT NULL,
  field text NOT NULL,
  pathway text NOT NULL,
  code text NOT NULL
);
CREATE INDEX waiting_deadline ON waiting (unit, status, deadline, period);
CREATE INDEX waiting_seniority ON waiting (unit, status, seniority, period);
CREATE INDEX waiting_near ON waiting (deadline, period) WHERE status = 1;
CREATE INDEX waiting_patient ON waiting (patient, period);

CREATE TABLE waiting_referral (
  referral int8 NOT NULL,
  period int8 NOT NULL,
  PRIMARY KEY (referral, period)
);
