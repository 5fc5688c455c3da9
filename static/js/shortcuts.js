// `g` and a second key go to a page, `j` and `k` along the rows of a list, `?` shows all keys. Never with Ctrl, Alt or Meta: those are the browser's.

import { pages } from "./palette.js";

const sheet = document.getElementById("shortcuts");
const places = document.getElementById("shortcut-places");
const PATIENCE = 1500; // milliseconds between `g` and the second key

let waitingUntil = 0;

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable], .cm-editor") || document.querySelector("dialog[open]");
}

async function show() {
  if (!sheet.open) sheet.showModal(); // at once: the places of the role follow
  const found = (await pages()).filter((each) => each.keys);
  places.replaceChildren();
  for (const each of found) {
    const keys = document.createElement("dt");
    for (const key of ["g", each.keys]) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      keys.append(cap, " ");
    }
    const label = document.createElement("dd");
    label.textContent = each.label;
    places.append(keys, label);
  }
}

async function go(key) {
  const place = (await pages()).find((each) => each.keys === key);
  if (place) location.assign(place.url);
}

// The link of each row that is seen, and the head of each request in a log.
function rows() {
  const found = document.querySelectorAll("#main :is(table > tbody > tr, .list > li, details.req)");
  return [...found].map((row) => row.querySelector(":scope > summary, a[href]")).filter((link) => link?.checkVisibility());
}

function move(step) {
  const links = rows();
  const row = document.activeElement.closest("tr, li, details.req");
  const at = links.findIndex((link) => link === document.activeElement || row?.contains(link));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  next?.focus();
}

// Before the keys of single pages (`data-key`): the second key after `g` is ours.
addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.timeStamp < waitingUntil) {
      waitingUntil = 0;
      event.preventDefault();
      event.stopImmediatePropagation();
      go(event.key);
    } else if (event.key === "g") {
      waitingUntil = event.timeStamp + PATIENCE;
      pages().catch(() => {}); // asked for while the second key is on its way
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    } else if (event.key === "?") {
      event.preventDefault();
      show();
    }
  },
  { capture: true },
);
