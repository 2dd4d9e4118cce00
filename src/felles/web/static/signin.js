// Passkeys, and going on by itself where a form waits to be sent. Without it password and code work, and a button stands.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

function readable(options) {
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) { read.user = { ...options.user, id: bytes(options.user.id) }; }
  if (options.allowCredentials) { read.allowCredentials = known(options.allowCredentials); }
  if (options.excludeCredentials) { read.excludeCredentials = known(options.excludeCredentials); }
  return read;
}

function writable(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) { response[name] = text(credential.response[name]); }
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

async function usePasskey(form) {
  const asked = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!asked.ok) { throw new Error("refused"); }
  const publicKey = readable(await asked.json());
  const made = await navigator.credentials[form.dataset.passkey]({ publicKey });
  form.elements.answer.value = JSON.stringify(writable(made));
  form.submit();
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    usePasskey(form).catch(() => { form.querySelector("[data-failed]").hidden = false; });
  });
});

document.querySelector("form[data-onward]")?.requestSubmit();
