// Ctrl+K: pages and functions by name. What may be chosen comes from the server, by the person's role.

const jump = document.getElementById("jump");
const dialog = document.getElementById("palette");
const input = document.getElementById("palette-input");
const list = document.getElementById("palette-list");
const none = document.getElementById("palette-none");
const WAIT = 120; // milliseconds after a key before the server is asked

let places; // the pages, asked for once
let asked = 0; // number of the last question: a late answer to an earlier one is not shown
let timer;

async function ask(query) {
  const answer = await fetch(`${jump.dataset.palette}?q=${encodeURIComponent(query)}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

export async function pages() {
  places ??= (await ask("")).pages;
  return places;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${jump.dataset.icons}#i-${name}`);
  svg.append(use);
  return svg;
}

function option(entry) {
  const link = document.createElement("a");
  link.href = entry.url;
  link.id = `palette-${list.querySelectorAll("a").length}`;
  link.role = "option";
  link.tabIndex = -1;
  const text = document.createElement("span");
  text.className = "ellipsis";
  text.textContent = entry.label;
  link.append(icon(entry.icon), text);
  if (entry.keys) {
    const keys = document.createElement("span");
    keys.className = "end";
    for (const key of ["g", entry.keys]) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      keys.append(cap, " ");
    }
    link.append(keys);
  }
  return link;
}

function group(title, entries) {
  if (!entries.length) return;
  const head = document.createElement("h3");
  head.textContent = title;
  head.role = "presentation";
  list.append(head);
  for (const entry of entries) list.append(option(entry));
}

function choose(link) {
  for (const each of list.querySelectorAll("a")) each.setAttribute("aria-selected", String(each === link));
  input.setAttribute("aria-activedescendant", link?.id ?? "");
  link?.scrollIntoView({ block: "nearest" });
}

async function fill() {
  const number = ++asked;
  const query = input.value.trim();
  let found;
  try {
    found = await ask(query);
  } catch {
    none.textContent = "The server cannot be asked now";
    none.hidden = false;
    return;
  }
  if (number !== asked) return;
  const words = query.toLowerCase().split(/\s+/);
  list.replaceChildren();
  group("Functions", found.functions);
  group("Pages", found.pages.filter((each) => words.every((word) => each.label.toLowerCase().includes(word))));
  none.textContent = "Nothing matches";
  none.hidden = list.childElementCount > 0;
  choose(list.querySelector("a"));
}

export function open() {
  if (dialog.open) return;
  input.value = "";
  dialog.showModal();
  fill();
}

jump.addEventListener("click", open);
input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(fill, WAIT);
});
input.addEventListener("keydown", (event) => {
  const links = [...list.querySelectorAll("a")];
  const at = links.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    if (links.length) choose(links[(at + step + links.length) % links.length]);
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    links[at]?.click();
  }
});
// A click beside the dialog is on its backdrop.
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open();
});
