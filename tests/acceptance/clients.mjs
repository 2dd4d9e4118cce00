// fhir-kit-client against a running server: node clients.mjs http://localhost:8080/fhir FAMILY TOKEN. Prints one JSON object.
import { CapabilityTool, Client } from 'fhir-kit-client';

const [, , baseUrl, family, bearerToken] = process.argv;
const client = new Client({ baseUrl, bearerToken });
const statement = await client.capabilityStatement();
const tool = new CapabilityTool(statement);
const Patient = (name) => ({ resourceType: 'Patient', name: [{ family: name, given: ['Bjørg'] }], birthDate: '1950-05-17' });

async function refused(promise) {
  try {
    await promise;
    return 0;
  } catch (error) {
    const outcome = error.response?.data ?? error.data;
    return [error.response?.status ?? error.status, outcome.resourceType];
  }
}

const created = await client.create({ resourceType: 'Patient', body: Patient(family) });
const { id } = created;
const updated = await client.update({ resourceType: 'Patient', id, body: { ...created, gender: 'female' } });
const patched = await client.patch({
  resourceType: 'Patient', id, jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1950-05-18' }],
});
const old = await client.vread({ resourceType: 'Patient', id, version: '1' });
const found = await client.search({ resourceType: 'Patient', searchParams: { family, _count: '1' } });
const second = await client.create({ resourceType: 'Patient', body: Patient(`${family}en`) });
const first = await client.search({ resourceType: 'Patient', searchParams: { family, _count: '1', _sort: 'family' } });
const next = await client.nextPage({ bundle: first });
const back = await client.prevPage({ bundle: next });
const posted = await client.search({
  resourceType: 'Patient', searchParams: { family }, options: { postSearch: true },
});
const history = await client.history({ resourceType: 'Patient', id });
const types = await client.history({ resourceType: 'Patient' });
const everywhere = await client.history();
const urn = 'urn:uuid:7d3a2b36-2bb4-4d0a-9d0c-1f2f5a5c2f10';
const entry = {
  fullUrl: urn, request: { method: 'POST', url: 'Observation' },
  resource: { resourceType: 'Observation', status: 'final', code: { text: 'Hb' }, subject: { reference: `Patient/${id}` } },
};
const bad = { request: { method: 'POST', url: 'Observation' }, resource: { resourceType: 'Observation' } };
const done = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [entry] } });
const half = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: [entry, bad] } });
const inside = await client.search({ resourceType: 'Observation', compartment: { resourceType: 'Patient', id } });
const included = await client.search({
  resourceType: 'Observation', searchParams: { patient: id, _include: 'Observation:subject' },
});
const systemwide = await client.systemSearch({ searchParams: { _type: 'Patient', _id: id } });
const resolved = await client.resolve({ reference: inside.entry[0].resource.subject.reference });
const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id, method: 'GET' });
const conditional = await client.create({
  resourceType: 'Patient', body: Patient(family), options: { headers: { 'If-None-Exist': `family:exact=${family}` } },
});
const matched = await client.update({
  resourceType: 'Patient', searchParams: { 'family:exact': family }, body: { ...Patient(family), gender: 'other' },
});
await client.delete({ resourceType: 'Patient', id: second.id });
console.log(JSON.stringify({
  version: statement.fhirVersion,
  can: [tool.resourceCan('Patient', 'patch'), tool.resourceSearch('Patient', 'family'), tool.serverCan('transaction')],
  gender: updated.gender, birthDate: patched.birthDate, old: old.meta.versionId, found: found.total,
  pages: [first.entry.length, next.entry.length, back.entry[0].resource.id === first.entry[0].resource.id],
  posted: posted.total, history: history.entry.length, types: types.type, everywhere: everywhere.type,
  transaction: done.entry[0].response.status, batch: half.entry.map((one) => one.response.status),
  inside: inside.total, included: included.entry.map((one) => one.search.mode), systemwide: systemwide.total,
  resolved: resolved.id === id, everything: everything.entry.length, conditional: conditional.id === id,
  matched: [matched.id === id, matched.gender],
  gone: await refused(client.read({ resourceType: 'Patient', id: second.id })),
  missing: await refused(client.read({ resourceType: 'Patient', id: 'never-was' })),
  invalid: await refused(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', gender: 'x' } })),
  unknown: await refused(client.search({ resourceType: 'Patient', searchParams: { nonsense: '1' } })),
  stale: await refused(client.update({
    resourceType: 'Patient', id, body: created, options: { headers: { 'If-Match': 'W/"1"' } },
  })),
  whole: await refused(client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [entry, bad] } })),
}));
