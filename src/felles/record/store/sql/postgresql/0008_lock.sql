-- The second lock: what the reading role sees, row by row. Each of its statements says in its own transaction whose
-- record is open (`felles.patients` where they are few, else `felles.crowd`), whose relations lead to a single resource
-- (`felles.subjects`), and whether that is some or all there is (`felles.sight`); where nothing is said is no row.
-- The role and its rights are seen to whenever a store is opened, for a copy of a store has neither. `directory`,
-- `concern_index` and `epoch` hold keys and numbers alone and have no policy.
-- An array is read once for each statement, hence SELECT; few keys are soonest compared, many are hashed by IN.

ALTER TABLE token_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON token_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE patient_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON patient_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE text_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON text_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE date_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON date_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE quantity_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON quantity_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE reference_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON reference_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE composite_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON composite_index FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

ALTER TABLE change ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON change FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '')
  OR current_setting('felles.sight', true) = 'all');

-- Of relations, the reader's own are to be seen.
ALTER TABLE relation_index ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON relation_index FOR SELECT USING (
  subject = ANY ((SELECT nullif(current_setting('felles.subjects', true), '')::int8[])::int8[]));

-- What is of no single patient may concern several, and is seen where the records of all of them are open. OFFSET keeps
-- the probes from becoming hashes of whole tables.
ALTER TABLE resource ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON resource FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '' AND NOT EXISTS (
    SELECT 1 FROM concern_index c WHERE c.rid = resource.rid
    AND (c.whom = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])) IS NOT TRUE
    AND c.whom NOT IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[])) OFFSET 0))
  OR current_setting('felles.sight', true) = 'all'
  OR (patient <> 0 AND current_setting('felles.subjects', true) <> ''
    AND EXISTS (SELECT 1 FROM relation_index x WHERE x.patient = resource.patient OFFSET 0)));

ALTER TABLE version ENABLE ROW LEVEL SECURITY;
CREATE POLICY opened ON version FOR SELECT USING (
  patient = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])
  OR patient IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[]))
  OR (patient = 0 AND current_setting('felles.sight', true) <> '' AND NOT EXISTS (
    SELECT 1 FROM concern_index c WHERE c.rid = version.rid
    AND (c.whom = ANY ((SELECT nullif(current_setting('felles.patients', true), '')::int8[])::int8[])) IS NOT TRUE
    AND c.whom NOT IN (SELECT unnest(nullif(current_setting('felles.crowd', true), '')::int8[])) OFFSET 0))
  OR current_setting('felles.sight', true) = 'all'
  OR (patient <> 0 AND current_setting('felles.subjects', true) <> ''
    AND EXISTS (SELECT 1 FROM relation_index x WHERE x.patient = version.patient OFFSET 0)));
