// An app that knows its protocols from the certified openid-client alone: node smart.mjs, what it is as one line of JSON
// on standard input. Prints the address that a browser must open, takes the one it came back to, and tells what it got.
import { createInterface } from 'node:readline/promises';

import * as client from 'openid-client';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const line = async () => (await lines.next()).value;
const say = (data) => console.log(JSON.stringify(data));
const told = JSON.parse(await line());

async function authentication() {
  if (told.secret) return client.ClientSecretBasic(told.secret);
  if (!told.key) return client.None();
  const algorithm = { name: 'ECDSA', namedCurve: told.key.crv };
  const key = await crypto.subtle.importKey('jwk', told.key, algorithm, false, ['sign']);
  return client.PrivateKeyJwt({ key, kid: told.key.kid });
}

const metadata = { id_token_signed_response_alg: 'ES256' };
const config = await client.discovery(new URL(told.issuer), told.id, metadata, await authentication(), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
});
const DPoP = told.dpop ? client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) : undefined;
const options = DPoP ? { DPoP } : {};

async function read(token, path) {
  try {
    const headers = new Headers({ accept: 'application/fhir+json' });
    const answer = await client.fetchProtectedResource(
      config, token, new URL(`${told.base}/${path}`), 'GET', undefined, headers, options,
    );
    return { status: answer.status, body: await answer.json() };
  } catch (error) {
    return { status: error.status ?? error.response?.status, error: String(error) };
  }
}

async function program() {
  const tokens = await client.clientCredentialsGrant(config, { scope: told.scope }, options);
  const known = await client.tokenIntrospection(config, tokens.access_token);
  say({ tokens, known, read: await read(tokens.access_token, told.path) });
}

async function person() {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const asked = {
    redirect_uri: told.redirect, scope: told.scope, aud: told.base, state, nonce, ...(told.more ?? {}),
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  };
  const url = told.par
    ? await client.buildAuthorizationUrlWithPAR(config, asked, options) : client.buildAuthorizationUrl(config, asked);
  say({ url: url.href });
  const back = new URL(await line());
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, options);
  const first = await read(tokens.access_token, told.path.replace('PATIENT', tokens.patient));
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
  const second = await read(fresh.access_token, told.path.replace('PATIENT', tokens.patient));
  say({ tokens, claims: tokens.claims(), fresh, read: first, again: second });
  if (await line() === 'revoke') {
    await client.tokenRevocation(config, fresh.refresh_token);
  }
  say({ after: await read(fresh.access_token, told.path.replace('PATIENT', tokens.patient)) });
}

try {
  await (told.program ? program() : person());
} catch (error) {
  say({ error: error.error ?? error.code ?? String(error), description: error.error_description, cause: String(error.cause ?? '') });
}
process.exit(0);
