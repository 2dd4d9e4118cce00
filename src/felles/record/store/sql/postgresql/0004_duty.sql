-- The ledger of duties: what somebody owes, every turn it has taken, and the counts from which the balance is made.
-- `unit`, `person`, `substitute`, `watch`, `subject`, `patient`, `proof`, `actor` are 64-bit keys of "Type/id"; `opened`,
-- `due`, `moment`, `next`, `until` microseconds since 1970; `day` days since 1970 in local time.
-- `next` is when the ledger itself acts next, `until` when the person's employment at the unit ends, `viewed` the turn
-- that the Task shows. A closed row keeps neither steps nor anything else that only an open one needs.

CREATE TABLE duty (
  id int8 PRIMARY KEY,
  unit int8 NOT NULL,
  person int8,
  substitute int8,
  watch int8,
  subject int8 NOT NULL,
  patient int8,
  proof int8,
  actor int8,
  opened int8 NOT NULL,
  due int8 NOT NULL,
  moment int8 NOT NULL,
  next int8,
  until int8,
  turn int4 NOT NULL,
  viewed int4 NOT NULL,
  day int4 NOT NULL,
  kind int2 NOT NULL,
  state int2 NOT NULL,
  level int2 NOT NULL,
  step int2 NOT NULL,
  act int2 NOT NULL,
  outcome int2 NOT NULL,
  reason text,
  steps text
);
CREATE INDEX duty_unit ON duty (unit, due, id) WHERE state = 0;
CREATE INDEX duty_person ON duty (person, due, id) WHERE state = 0 AND person IS NOT NULL;
CREATE INDEX duty_watch ON duty (watch, due, id) WHERE state = 0 AND watch IS NOT NULL;
CREATE INDEX duty_next ON duty (next, id) WHERE state = 0 AND next IS NOT NULL;
CREATE INDEX duty_subject ON duty (subject, id);
CREATE INDEX duty_stale ON duty (id) WHERE viewed < turn;

-- Append-only. What a turn adds to the counts of a unit on a day; an undo is a row with the opposite sign.
CREATE TABLE duty_entry (
  duty int8 NOT NULL,
  unit int8 NOT NULL,
  person int8,
  actor int8,
  proof int8,
  moment int8 NOT NULL,
  turn int4 NOT NULL,
  day int4 NOT NULL,
  side int2 NOT NULL,
  kind int2 NOT NULL,
  act int2 NOT NULL,
  level int2 NOT NULL,
  outcome int2 NOT NULL,
  opened int2 NOT NULL,
  received int2 NOT NULL,
  closed int2 NOT NULL,
  handed int2 NOT NULL,
  reason text,
  PRIMARY KEY (duty, turn, side)
);
CREATE INDEX duty_entry_unit ON duty_entry (unit, day, kind);

-- Deltas wait here until a worker folds them: no count is a row that two writers want at once.
CREATE TABLE duty_delta (
  seq int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit int8 NOT NULL,
  day int4 NOT NULL,
  kind int2 NOT NULL,
  opened int2 NOT NULL,
  received int2 NOT NULL,
  closed int2 NOT NULL,
  handed int2 NOT NULL
);
CREATE TABLE duty_fold (
  unit int8 NOT NULL,
  kind int2 NOT NULL,
  day int4 NOT NULL,
  opened int8 NOT NULL,
  received int8 NOT NULL,
  closed int8 NOT NULL,
  handed int8 NOT NULL,
  PRIMARY KEY (unit, kind, day)
);
CREATE INDEX duty_fold_day ON duty_fold (day);
CREATE TABLE duty_total (unit int8 NOT NULL, kind int2 NOT NULL, open int8 NOT NULL, PRIMARY KEY (unit, kind));

CREATE FUNCTION duty_enter(
  d duty, unit int8, person int8, side int, opened int, received int, closed int, handed int
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO duty_entry VALUES (
    d.id, unit, person, d.actor, d.proof, d.moment, d.turn, d.day, side, d.kind, d.act, d.level, d.outcome,
    opened, received, closed, handed, d.reason);
  IF opened <> 0 OR received <> 0 OR closed <> 0 OR handed <> 0 THEN
    INSERT INTO duty_delta (unit, day, kind, opened, received, closed, handed)
    VALUES (unit, d.day, d.kind, opened, received, closed, handed);
  END IF;
END $$;

-- act 2 close, 4 reopen, 6 void; 3 hand on, 5 give back: one row for each side.
CREATE FUNCTION duty_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moved int;
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM duty_enter(NEW, NEW.unit, NEW.person, 0, 1, 0, 0, 0);
  ELSIF NEW.turn NOT IN (OLD.turn, OLD.turn + 1) THEN
    RAISE EXCEPTION 'a duty takes one turn at a time';
  ELSIF NEW.turn <> OLD.turn AND NEW.act IN (3, 5) THEN
    moved := (NEW.unit <> OLD.unit)::int;
    PERFORM duty_enter(NEW, OLD.unit, OLD.person, 0, 0, -moved * (NEW.act = 5)::int, 0, moved * (NEW.act = 3)::int);
    PERFORM duty_enter(NEW, NEW.unit, NEW.person, 1, 0, moved * (NEW.act = 3)::int, 0, -moved * (NEW.act = 5)::int);
  ELSIF NEW.turn <> OLD.turn THEN
    PERFORM duty_enter(
      NEW, NEW.unit, NEW.person, 0, CASE NEW.act WHEN 6 THEN -1 ELSE 0 END, 0,
      CASE NEW.act WHEN 2 THEN 1 WHEN 4 THEN -1 ELSE 0 END, 0);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER duty_opened AFTER INSERT ON duty FOR EACH ROW EXECUTE FUNCTION duty_written();
CREATE TRIGGER duty_turned AFTER UPDATE ON duty FOR EACH ROW EXECUTE FUNCTION duty_written();

CREATE FUNCTION duty_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a duty is closed, not removed, and its entries stay';
END $$;
CREATE TRIGGER duty_kept BEFORE DELETE ON duty FOR EACH ROW EXECUTE FUNCTION duty_kept();
CREATE TRIGGER duty_entry_kept BEFORE UPDATE OR DELETE ON duty_entry FOR EACH ROW EXECUTE FUNCTION duty_kept();
