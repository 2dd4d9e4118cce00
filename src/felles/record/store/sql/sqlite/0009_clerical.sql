-- The waiting list: one row for each referral period (EpisodeOfCare), written in the transaction of what it shows and
-- built anew from the resources. `period`, `unit`, `patient`, `referral` are 64-bit keys of "Type/id"; `seniority`,
-- `received`, `assessed`, `deadline`, `ended` days since 1970; `booked` microseconds: when the patient is to come.

CREATE TABLE waiting (
  period INTEGER PRIMARY KEY,
  unit INTEGER NOT NULL,
  patient INTEGER NOT NULL,
  status INTEGER NOT NULL,
  seniority INTEGER NOT NULL,
  received INTEGER NOT NULL,
  assessed INTEGER,
  deadline INTEGER,
  booked INTEGER,
  ended INTEGER,
  outcome TEXT NOT NULL,
  field TEXT NOT NULL,
  pathway TEXT NOT NULL,
  code TEXT NOT NULL
);
CREATE INDEX waiting_deadline ON waiting (unit, status, deadline, period);
CREATE INDEX waiting_seniority ON waiting (unit, status, seniority, period);
CREATE INDEX waiting_near ON waiting (deadline, period) WHERE status = 1;
CREATE INDEX waiting_patient ON waiting (patient, period);

CREATE TABLE waiting_referral (
  referral INTEGER NOT NULL,
  period INTEGER NOT NULL,
  PRIMARY KEY (referral, period)
) WITHOUT ROWID;
