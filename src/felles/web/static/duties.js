// What lists of duties gain when a script runs: arrow keys, and counts that follow while somebody is there.
"use strict";

const table = document.querySelector("[data-keys]");
const links = () => [...table.querySelectorAll("tbody th a")];
const row = () => links().indexOf(document.activeElement.closest("tr")?.querySelector("th a"));

function step(event) {
  const all = links();
  const places = { ArrowDown: row() + 1, ArrowUp: row() - 1, Home: 0, End: all.length - 1 };
  if (event.altKey || event.ctrlKey || event.metaKey) { return; }
  if (event.key in places) {
    all[Math.max(0, Math.min(places[event.key], all.length - 1))].focus();
  } else if (event.key === " " && document.activeElement.matches("th a")) {
    document.activeElement.closest("tr").querySelector("[type=checkbox]")?.click();
  } else { return; }
  event.preventDefault();
}

if (table) { table.addEventListener("keydown", step); }

// The counts are asked for while the page is seen and somebody has moved lately: an idle session still ends.
const LATELY = 4 * 60 * 1000, PAUSE = 20 * 1000;
let moved = Date.now();
for (const name of ["keydown", "pointerdown", "pointermove", "wheel"]) {
  addEventListener(name, () => { moved = Date.now(); }, { passive: true });
}

function follow() {
  const tabs = document.getElementById("duty-tabs");
  if (!tabs || document.hidden || Date.now() - moved > LATELY || tabs.contains(document.activeElement)) { return; }
  const address = `/duties/live?${tabs.dataset.live}&mark=${encodeURIComponent(tabs.dataset.mark)}`;
  htmx.ajax("GET", address, { target: tabs, swap: "outerHTML" });
}
if (document.getElementById("duty-tabs")) { setInterval(follow, PAUSE); }

// A form that goes on by itself until everything is done.
const going = document.querySelector("form[data-going]");
if (going) { setTimeout(() => going.requestSubmit(), 150); }
