// Asks for new requests: every 3 s while somebody looks, every 60 s when idle, not at all when hidden or paused.
// What was opened stays open.

let paused = false;
let lastSeen = Date.now();
let lastAsked = Date.now();
const opened = new Set();

for (const kind of ["pointermove", "keydown", "scroll", "focus"]) {
  addEventListener(kind, () => (lastSeen = Date.now()), { passive: true });
}

function isReading() {
  return document.getSelection()?.toString() || document.querySelector("#log")?.contains(document.activeElement);
}

setInterval(() => {
  const log = document.getElementById("log");
  if (paused || document.hidden || !log?.matches("[data-live]") || isReading()) return;
  const pause = Date.now() - lastSeen > 60_000 ? 60_000 : 3_000;
  if (Date.now() - lastAsked < pause) return;
  lastAsked = Date.now();
  htmx.trigger(log, "hearth:poll");
}, 500);

function showPause() {
  const button = document.querySelector("[data-pause]");
  if (!button) return;
  button.querySelector("span").textContent = paused ? "Resume" : "Pause";
  document.querySelector("#log .dot.live")?.classList.toggle("is-paused", paused);
}

addEventListener("click", (event) => {
  if (!event.target.closest("[data-pause]")) return;
  paused = !paused;
  showPause();
  document.activeElement?.blur();
});

addEventListener("toggle", (event) => {
  const id = event.target.dataset?.request;
  if (!id) return;
  if (event.target.open) opened.add(id);
  else opened.delete(id);
}, true);

addEventListener("htmx:beforeSwap", (event) => {
  // A page that is no longer signed in answers with the login page: leave what is there.
  const id = event.detail.target.matches("[data-histogram]") ? "histogram" : "log";
  if (!event.detail.xhr.responseText.includes(`id="${id}"`)) event.detail.shouldSwap = false;
});

addEventListener("htmx:afterSwap", () => {
  for (const node of document.querySelectorAll("details.req")) {
    if (opened.has(node.dataset.request)) node.open = true;
  }
  showPause();
});
