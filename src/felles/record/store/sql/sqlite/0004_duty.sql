-- The ledger of duties: what somebody owes, every turn it has taken, and the counts from which the balance is made.
-- `unit`, `person`, `substitute`, `watch`, `subject`, `patient`, `proof`, `actor` are 64-bit keys of "Type/id"; `opened`,
-- `due`, `moment`, `next`, `until` microseconds since 1970; `day` days since 1970 in local time.
-- `next` is when the ledger itself acts next, `until` when the person's employment at the unit ends, `viewed` the turn
-- that the Task shows. A closed row keeps neither steps nor anything else that only an open one needs.

CREATE TABLE duty (
  id INTEGER PRIMARY KEY,
  unit INTEGER NOT NULL,
  person INTEGER,
  substitute INTEGER,
  watch INTEGER,
  subject INTEGER NOT NULL,
  patient INTEGER,
  proof INTEGER,
  actor INTEGER,
  opened INTEGER NOT NULL,
  due INTEGER NOT NULL,
  moment INTEGER NOT NULL,
  next INTEGER,
  until INTEGER,
  turn INTEGER NOT NULL,
  viewed INTEGER NOT NULL,
  day INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  level INTEGER NOT NULL,
  step INTEGER NOT NULL,
  act INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  reason TEXT,
  steps TEXT
);
CREATE INDEX duty_unit ON duty (unit, due, id) WHERE state = 0;
CREATE INDEX duty_person ON duty (person, due, id) WHERE state = 0 AND person IS NOT NULL;
CREATE INDEX duty_watch ON duty (watch, due, id) WHERE state = 0 AND watch IS NOT NULL;
CREATE INDEX duty_next ON duty (next, id) WHERE state = 0 AND next IS NOT NULL;
CREATE INDEX duty_subject ON duty (subject, id);
CREATE INDEX duty_stale ON duty (id) WHERE viewed < turn;

-- Append-only. What a turn adds to the counts of a unit on a day; an undo is a row with the opposite sign.
CREATE TABLE duty_entry (
  duty INTEGER NOT NULL,
  unit INTEGER NOT NULL,
  person INTEGER,
  actor INTEGER,
  proof INTEGER,
  moment INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  day INTEGER NOT NULL,
  side INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  act INTEGER NOT NULL,
  level INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  received INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  handed INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (duty, turn, side)
) WITHOUT ROWID;
CREATE INDEX duty_entry_unit ON duty_entry (unit, day, kind);

-- Deltas wait here until a worker folds them: no count is a row that two writers want at once.
CREATE TABLE duty_delta (
  seq INTEGER PRIMARY KEY,
  unit INTEGER NOT NULL,
  day INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  received INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  handed INTEGER NOT NULL
);
CREATE TABLE duty_fold (
  unit INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  day INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  received INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  handed INTEGER NOT NULL,
  PRIMARY KEY (unit, kind, day)
) WITHOUT ROWID;
CREATE INDEX duty_fold_day ON duty_fold (day);
CREATE TABLE duty_total (
  unit INTEGER NOT NULL, kind INTEGER NOT NULL, open INTEGER NOT NULL, PRIMARY KEY (unit, kind)
) WITHOUT ROWID;

CREATE TRIGGER duty_opened AFTER INSERT ON duty BEGIN
  INSERT INTO duty_entry VALUES (
    NEW.id, NEW.unit, NEW.person, NEW.actor, NULL, NEW.moment, NEW.turn, NEW.day, 0, NEW.kind, NEW.act, NEW.level, 0,
    1, 0, 0, 0, NEW.reason);
END;

-- act 2 close, 4 reopen, 6 void; 3 hand on, 5 give back: one row for each side.
CREATE TRIGGER duty_turned AFTER UPDATE ON duty WHEN NEW.turn <> OLD.turn AND NEW.act NOT IN (3, 5) BEGIN
  INSERT INTO duty_entry VALUES (
    NEW.id, NEW.unit, NEW.person, NEW.actor, NEW.proof, NEW.moment, NEW.turn, NEW.day, 0, NEW.kind, NEW.act, NEW.level,
    NEW.outcome, CASE NEW.act WHEN 6 THEN -1 ELSE 0 END, 0,
    CASE NEW.act WHEN 2 THEN 1 WHEN 4 THEN -1 ELSE 0 END, 0, NEW.reason);
END;
CREATE TRIGGER duty_moved AFTER UPDATE ON duty WHEN NEW.turn <> OLD.turn AND NEW.act IN (3, 5) BEGIN
  INSERT INTO duty_entry VALUES (
    NEW.id, OLD.unit, OLD.person, NEW.actor, NULL, NEW.moment, NEW.turn, NEW.day, 0, NEW.kind, NEW.act, NEW.level, 0,
    0, -(NEW.act = 5 AND NEW.unit <> OLD.unit), 0, (NEW.act = 3 AND NEW.unit <> OLD.unit), NEW.reason);
  INSERT INTO duty_entry VALUES (
    NEW.id, NEW.unit, NEW.person, NEW.actor, NULL, NEW.moment, NEW.turn, NEW.day, 1, NEW.kind, NEW.act, NEW.level, 0,
    0, (NEW.act = 3 AND NEW.unit <> OLD.unit), 0, -(NEW.act = 5 AND NEW.unit <> OLD.unit), NEW.reason);
END;
CREATE TRIGGER duty_counted AFTER INSERT ON duty_entry
WHEN NEW.opened <> 0 OR NEW.received <> 0 OR NEW.closed <> 0 OR NEW.handed <> 0 BEGIN
  INSERT INTO duty_delta (unit, day, kind, opened, received, closed, handed)
  VALUES (NEW.unit, NEW.day, NEW.kind, NEW.opened, NEW.received, NEW.closed, NEW.handed);
END;
CREATE TRIGGER duty_folded AFTER DELETE ON duty_delta BEGIN
  INSERT INTO duty_total VALUES (OLD.unit, OLD.kind, OLD.opened + OLD.received - OLD.closed - OLD.handed)
  ON CONFLICT (unit, kind) DO UPDATE SET open = open + excluded.open;
  INSERT INTO duty_fold VALUES (OLD.unit, OLD.kind, OLD.day, OLD.opened, OLD.received, OLD.closed, OLD.handed)
  ON CONFLICT (unit, kind, day) DO UPDATE SET opened = opened + excluded.opened,
    received = received + excluded.received, closed = closed + excluded.closed, handed = handed + excluded.handed;
END;

CREATE TRIGGER duty_skipped BEFORE UPDATE ON duty WHEN NEW.turn NOT IN (OLD.turn, OLD.turn + 1) BEGIN
  SELECT RAISE(ABORT, 'a duty takes one turn at a time');
END;
CREATE TRIGGER duty_kept BEFORE DELETE ON duty BEGIN SELECT RAISE(ABORT, 'a duty is closed, not removed'); END;
CREATE TRIGGER duty_entry_kept BEFORE DELETE ON duty_entry BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER duty_entry_unchanged BEFORE UPDATE ON duty_entry BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
