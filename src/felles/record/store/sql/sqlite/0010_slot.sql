-- What can be booked: one row for each Slot, written in the transaction of what it shows and built anew from the
-- resources. `slot`, `schedule`, `unit` are 64-bit keys of "Type/id"; `start` and `end` microseconds since 1970; `status`
-- 0 free, 1 taken, 2 never to be booked; `service` the code of what it is for, empty for anything.

CREATE TABLE vacancy (
  slot INTEGER PRIMARY KEY,
  schedule INTEGER NOT NULL,
  unit INTEGER NOT NULL,
  status INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  service TEXT NOT NULL
);
CREATE INDEX vacancy_free ON vacancy (unit, start, slot) WHERE status = 0;
CREATE INDEX vacancy_schedule ON vacancy (schedule, start, slot);
