// Two OpenID providers on loopback, one configured as HelseID is and one as ID-porten: `node provider.mjs`, the client
// and its people as JSON on standard input; prints their issuers as JSON when they listen.
//
// The providers are the certified `oidc-provider`. What it would never send is made by `POST /twist`: the next id_token
// is signed anew with other claims, header or key.
import { createServer } from "node:http";
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";

import { Provider } from "oidc-provider";

process.on("unhandledRejection", (error) => process.stderr.write(`${error?.stack}\n`)); // somebody hung up

const read = async (stream) => { const parts = []; for await (const part of stream) { parts.push(part); } return Buffer.concat(parts).toString(); };
const told = JSON.parse(await read(process.stdin));

const makeKey = (kid) => ({ ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" });

const KINDS = {
  helseid: {
    scopes: ["openid", "profile", "helseid://scopes/identity/pid", "helseid://scopes/identity/assurance_level",
      "helseid://scopes/identity/security_level", "helseid://scopes/hpr/hpr_number"],
    claims: {
      openid: ["sub"], profile: ["name"],
      "helseid://scopes/identity/pid": ["helseid://claims/identity/pid"],
      "helseid://scopes/identity/assurance_level": ["helseid://claims/identity/assurance_level"],
      "helseid://scopes/identity/security_level": ["helseid://claims/identity/security_level"],
      "helseid://scopes/hpr/hpr_number": ["helseid://claims/hpr/hpr_number"],
    },
  },
  idporten: { scopes: ["openid", "profile"], claims: { openid: ["sub", "pid"], profile: ["name"] } },
};

function configuration(kind, key) {
  return {
    clients: [{
      ...told.client, backchannel_logout_uri: `${told.ended}/${kind}`, token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: told.alg,
      response_types: ["code"], grant_types: ["authorization_code"], id_token_signed_response_alg: "ES256",
      require_auth_time: true, dpop_bound_access_tokens: true,
    }],
    jwks: { keys: [key] },
    scopes: KINDS[kind].scopes,
    claims: KINDS[kind].claims,
    conformIdTokenClaims: false,
    clientAuthMethods: ["private_key_jwt"],
    responseTypes: ["code"],
    pkce: { required: () => true },
    cookies: { keys: ["a secret of the tests"] },
    acrValues: ["idporten-loa-high", "idporten-loa-substantial"],
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own goes to no loopback address
    interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
    findAccount: (_, id) => (told.people[id] ? { accountId: id, claims: () => ({ sub: id, ...told.people[id] }) } : undefined),
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(KINDS[kind].scopes.join(" "));
      await grant.save();
      return grant;
    },
  };
}

const base64url = (value) => Buffer.from(value).toString("base64url");

// The id_token with other claims or header, signed by the provider's own key, a stranger's, none, or its public key
// taken for a shared secret.
function twisted(token, twist, key) {
  const [header, claims] = token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
  const newHeader = { ...header, ...twist.header }, newClaims = { ...claims, ...twist.claims };
  for (const name of twist.without ?? []) { delete newClaims[name]; }
  const input = `${base64url(JSON.stringify(newHeader))}.${base64url(JSON.stringify(newClaims))}`;
  const own = { key, format: "jwk", dsaEncoding: "ieee-p1363" };
  const signers = {
    own: () => sign("sha256", input, own).toString("base64url"),
    stranger: () => sign("sha256", input, { ...own, key: makeKey("stranger") }).toString("base64url"),
    none: () => "",
    secret: () => createHmac("sha256", createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" })).update(input).digest("base64url"),
  };
  return `${input}.${signers[twist.sign ?? "own"]()}`;
}

// Answers of the token endpoint pass here, so that one of them can be twisted.
function tamper(response, twist, key) {
  const { end } = response;
  response.end = (body, ...rest) => {
    const answer = JSON.parse(body);
    if (!answer.id_token) { return end.call(response, body, ...rest); }
    const changed = JSON.stringify({ ...answer, id_token: twisted(answer.id_token, twist.next, key) });
    twist.next = null;
    response.setHeader("content-length", Buffer.byteLength(changed));
    return end.call(response, changed);
  };
}

const FORM = (uid) => `<!doctype html><title>Provider</title><form method="post" action="/login/${uid}">
<label>Who <input name="login"></label><button>Sign in</button><button name="cancel" value="yes">Cancel</button></form>`;

async function login(provider, request, response, uid) {
  if (request.method === "GET") { response.setHeader("content-type", "text/html"); response.end(FORM(uid)); return; }
  const form = new URLSearchParams(await read(request));
  const result = form.get("cancel") ? { error: "access_denied" } : { login: { accountId: form.get("login"), acr: told.people[form.get("login")]?.acr } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function start(kind) {
  const key = makeKey(`${kind}-1`), twist = { next: null };
  const server = createServer();
  await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration(kind, key));
  const serve = provider.callback();
  server.on("request", async (request, response) => {
    const path = new URL(request.url, issuer).pathname;
    if (path === "/twist") { twist.next = JSON.parse(await read(request)); response.end("{}"); return; }
    if (path.startsWith("/login/")) { await login(provider, request, response, path.split("/")[2]); return; }
    if (path === "/token" && twist.next) { tamper(response, twist, key); }
    serve(request, response);
  });
  return issuer;
}

process.stdout.write(JSON.stringify({ helseid: await start("helseid"), idporten: await start("idporten") }) + "\n");
