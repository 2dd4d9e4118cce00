// What pages gain when a script runs: the Ctrl-K palette, filter by arrow keys in it, the print button.
// Every page works without it.
"use strict";

const palette = document.getElementById("palette");
const field = document.getElementById("palette-text");
const list = document.getElementById("palette-list");

const options = () => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];

function choose(index) {
  const all = options();
  if (!all.length) { field.removeAttribute("aria-activedescendant"); return; }
  const next = (index + all.length) % all.length;
  all.forEach((option, place) => option.setAttribute("aria-selected", String(place === next)));
  all[next].scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", all[next].id);
}

const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

// The text whose answer the list shows; Enter on an older list must never open what it happened to hold.
let answered = null, asked = null, wanted = false;

function openChosen() {
  if (field.value === answered) { options()[Math.max(chosen(), 0)]?.click(); } else { wanted = true; }
}

function answer() {
  answered = asked;
  choose(0);
  if (wanted && field.value === answered && options().length === 1) { options()[0].click(); }
  wanted = false;
}

function openPalette() {
  if (palette.open) { palette.close(); return; }
  palette.showModal();
  field.select();
  htmx.trigger(field, "open");
}

function steer(event) {
  if (event.key === "ArrowDown") { choose(chosen() + 1); } else
  if (event.key === "ArrowUp") { choose(chosen() - 1); } else
  if (event.key === "Enter") { openChosen(); } else { return; }
  event.preventDefault();
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); }
  });
  document.querySelectorAll('[data-open="palette"]').forEach((link) =>
    link.addEventListener("click", (event) => { event.preventDefault(); openPalette(); }));
  palette.querySelector("[data-close]").addEventListener("click", () => palette.close());
  palette.addEventListener("click", (event) => {
    if (event.target === palette || event.target.closest("a.option")) { palette.close(); }
  });
  field.addEventListener("keydown", steer);
  field.addEventListener("htmx:beforeRequest", () => { asked = field.value; });
  list.addEventListener("htmx:afterSwap", answer);
}

document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

// A link to a note opens it.
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  for (let part = target; part; part = part.parentElement) { if (part.tagName === "DETAILS") { part.open = true; } }
  if (target) { target.scrollIntoView(); }
}
addEventListener("hashchange", openTarget);
openTarget();
