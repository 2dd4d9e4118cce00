-- What can be booked: one row for each Slot, written in the transaction of what it shows and built anew from the
-- resources. `slot`, `schedule`, `unit` are 64-bit keys of "Type/id"; `start` and `end` microseconds since 1970; `status`
-- 0 free, 1 taken, 2 never to be booked; `service` the code of what it is for, empty for anything.

CREATE TABLE vacancy (
  slot int8 PRIMARY KEY,
  schedule int8 NOT NULL,
  unit int8 NOT NULL,
  status int2 NOT NULL,
  start int8 NOT NULL,
  "end" int8 NOT NULL,
  service text NOT NULL
);
CREATE INDEX vacancy_free ON vacancy (unit, start, slot) WHERE status = 0;
CREATE INDEX vacancy_schedule ON vacancy (schedule, start, slot);
