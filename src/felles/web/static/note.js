// A note saves itself: each section two seconds after the last key, and when the page is left. The server merges.
(() => {
  const form = document.getElementById("note");
  if (!form) return;
  const WAIT = 2000;
  const timers = new Map();
  const busy = new Set();
  const field = (name) => form.elements[name];
  const state = (place, words, lost) => {
    const line = document.getElementById("t" + place);
    line.textContent = words;
    line.classList.toggle("note-lost", Boolean(lost));
  };
  const body = (place) => new URLSearchParams({
    token: field("token").value, place, version: field("v" + place).value,
    base: field("b" + place).value, text: field("s" + place).value,
  });
  const dirty = (place) => field("s" + place).value !== field("b" + place).value;

  async function save(place) {
    if (busy.has(place)) return later(place);
    if (!dirty(place)) return;
    busy.add(place);
    const sent = field("s" + place).value;
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body: body(place), credentials: "same-origin" });
      if (answer.status === 404) return state(place, form.dataset.gone, true);
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      const box = field("s" + place);
      field("v" + place).value = told.version;
      if (told.others) {
        // what was typed while the answer was on its way is kept: it is saved again on top of what both have
        const typed = box.value !== sent ? box.value : null;
        field("b" + place).value = typed === null ? told.text : sent;
        if (typed === null) box.value = told.text;
        else { field("v" + place).value = told.version - 1; later(place); }
        state(place, form.dataset.merged);
      } else {
        field("b" + place).value = told.text;
        state(place, form.dataset.kept);
        if (box.value !== sent) later(place);
      }
    } catch {
      state(place, form.dataset.lost, true);
      later(place);
    } finally {
      busy.delete(place);
    }
  }

  function later(place) {
    clearTimeout(timers.get(place));
    timers.set(place, setTimeout(() => save(place), WAIT));
  }

  const places = [...form.querySelectorAll("[data-place]")].map((box) => box.dataset.place);
  for (const place of places) field("s" + place).addEventListener("input", () => later(place));
  let signing = false;
  form.addEventListener("submit", () => { signing = true; timers.forEach(clearTimeout); });
  addEventListener("pagehide", () => {
    if (signing) return;
    for (const place of places) if (dirty(place)) navigator.sendBeacon(form.dataset.save, body(place));
  });
})();
