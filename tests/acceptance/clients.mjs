// fhir-kit-client against a running server: node clients.mjs http://localhost:8080/fhir. Prints one JSON object.
import { Client } from 'fhir-kit-client';

const client = new Client({ baseUrl: process.argv[2] });
const statement = await client.capabilityStatement();
const created = await client.create({
  resourceType: 'Patient',
  body: { resourceType: 'Patient', name: [{ family: 'Ås', given: ['Bjørg'] }], birthDate: '1950-05-17' },
});
const id = created.id;
const updated = await client.update({ resourceType: 'Patient', id, body: { ...created, gender: 'female' } });
const patched = await client.patch({
  resourceType: 'Patient', id, jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1950-05-18' }],
});
const found = await client.search({ resourceType: 'Patient', searchParams: { family: 'ås', _count: '1' } });
const second = await client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', name: [{ family: 'Åsen' }] } });
const first = await client.search({ resourceType: 'Patient', searchParams: { family: 'ås', _count: '1', _sort: 'family' } });
const next = await client.nextPage({ bundle: first });
const history = await client.history({ resourceType: 'Patient', id });
const done = await client.transaction({
  body: {
    resourceType: 'Bundle', type: 'transaction',
    entry: [{
      fullUrl: 'urn:uuid:7d3a2b36-2bb4-4d0a-9d0c-1f2f5a5c2f10', request: { method: 'POST', url: 'Observation' },
      resource: {
        resourceType: 'Observation', status: 'final', code: { text: 'Hb' }, subject: { reference: `Patient/${id}` },
      },
    }],
  },
});
await client.delete({ resourceType: 'Patient', id: second.id });
let gone = 0;
try {
  await client.read({ resourceType: 'Patient', id: second.id });
} catch (error) {
  gone = error.response.status ?? error.status;
}
console.log(JSON.stringify({
  version: statement.fhirVersion, gender: updated.gender, birthDate: patched.birthDate, found: found.total,
  pages: [first.entry.length, next.entry.length], history: history.entry.length,
  transaction: done.entry[0].response.status, gone,
}));
