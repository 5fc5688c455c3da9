// Rows of name and value: add, remove, show; a pasted .env file becomes rows.

const LINE = /^\s*(?:export\s+)?([^=\s]+)\s*=(.*)$/;

function blankRow(pairs) {
  const rows = pairs.querySelectorAll(".pair");
  const row = rows[rows.length - 1].cloneNode(true);
  for (const input of row.querySelectorAll("input, textarea")) input.value = "";
  row.querySelector(".pair-value").classList.remove("masked");
  row.querySelector("[data-pair-remove]").setAttribute("aria-label", "Remove this row");
  pairs.querySelector(".pair-rows").append(row);
  return row;
}

function emptyRow(pairs) {
  return [...pairs.querySelectorAll(".pair")].find((row) => !row.querySelector("input").value && !row.querySelector("textarea").value) ?? blankRow(pairs);
}

function put(pairs, name, value) {
  const known = [...pairs.querySelectorAll(".pair")].find((row) => row.querySelector("input").value === name);
  const row = known ?? emptyRow(pairs);
  row.querySelector("input").value = name;
  row.querySelector("textarea").value = value;
}

// The pairs of a text, or null when a line of it is something else.
export function parse(text) {
  const found = [];
  for (const line of text.split(/\r?\n/)) {
    if (!line.trim() || line.trim().startsWith("#")) continue;
    const match = LINE.exec(line);
    if (!match) return null;
    const value = match[2].trim();
    const quoted = value.length > 1 && value[0] === value.at(-1) && "\"'".includes(value[0]);
    found.push([match[1], quoted ? value.slice(1, -1) : value]);
  }
  return found;
}

function show(button, shown) {
  button.setAttribute("aria-pressed", String(shown));
  button.closest(".pair").querySelector(".pair-value").classList.toggle("masked", !shown);
}

addEventListener("click", (event) => {
  const button = event.target.closest("[data-pairs] button");
  if (!button) return;
  const pairs = button.closest("[data-pairs]");
  if (button.matches("[data-pair-add]")) emptyRow(pairs).querySelector("input").focus();
  if (button.matches("[data-pair-reveal]")) show(button, button.getAttribute("aria-pressed") !== "true");
  if (button.matches("[data-pair-reveal-all]")) {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? "Hide all values" : "Show all values";
    for (const each of pairs.querySelectorAll("[data-pair-reveal]")) show(each, shown);
  }
  if (button.matches("[data-pair-remove]")) {
    const row = button.closest(".pair");
    if (pairs.querySelectorAll(".pair").length === 1) blankRow(pairs);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    next?.querySelector("input").focus();
  }
});

// Several lines, or NAME=value, pasted into a name are a .env file.
addEventListener("paste", (event) => {
  const input = event.target.closest?.("[data-pairs] .pair input");
  if (!input) return;
  const found = parse(event.clipboardData.getData("text"));
  if (!found?.length) return;
  event.preventDefault();
  const pairs = input.closest("[data-pairs]");
  for (const [name, value] of found) put(pairs, name, value);
});
