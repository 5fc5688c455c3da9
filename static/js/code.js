// Code and test on one screen: file tree, editor with tabs, deploy, test event, result.
import { csrfToken, toast } from "./console.js";
import { Package } from "./files.js";
import { EditorState, EditorView, indentUnit, keymap, language, setup, small } from "../vendor/codemirror.js";

const page = JSON.parse(document.getElementById("code-data").textContent);
const by = (id) => document.getElementById(id);
const files = new Package(page.files);
const states = new Map(); // path -> EditorState: undo and cursor survive a change of tab
const readOnly = page.read_only;
let revision = page.revision_id;
let tabs = [];
let current = "";
let busy = false;

// --- talking to the server ---------------------------------------------------------------------------------------

async function send(url, body, method = "POST") {
  return fetch(url, {
    method, body: JSON.stringify(body), redirect: "error",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
  });
}

async function problemOf(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

// --- the editor --------------------------------------------------------------------------------------------------

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px" },
  ".cm-content": { caretColor: "var(--ember)" },
  ".cm-cursor": { borderLeftColor: "var(--ember)", borderLeftWidth: "1.5px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-line)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--focus) 28%, transparent)",
  },
  ".cm-panels, .cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line-strong)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--active)", color: "var(--text)" },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--c-warn) 35%, transparent)" },
  ".cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--focus) 22%, transparent) !important" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--active)", border: "0", color: "var(--text-2)" },
});

// In a Tab trap nobody gets out by keyboard: Escape, then Tab leaves the editor (CodeMirror's own rule).
const keys = keymap.of([
  { key: "Mod-s", run: () => (deploy(), true) },
  { key: "Mod-Enter", run: () => (test(), true) },
]);

function stateFor(path) {
  const unit = /\.(py|pyi)$/.test(path) ? "    " : "  ";
  return EditorState.create({
    doc: files.get(path).text,
    extensions: [
      keys, setup, look, language(path), indentUnit.of(unit),
      EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly),
      EditorView.contentAttributes.of({ "aria-label": `${path}, editor`, tabindex: "0", ...(readOnly ? { role: "textbox", "aria-readonly": "true" } : {}) }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          files.write(current, update.state.doc.toString());
          show();
        }
        if (update.selectionSet || update.docChanged) showCursor();
      }),
    ],
  });
}

const view = new EditorView({ parent: by("editor") });

async function open(path, line = 0) {
  const entry = files.get(path);
  if (!entry) return;
  if (entry.text === undefined) {
    const response = await fetch(`${page.urls.file}?${new URLSearchParams({ path: entry.origin, qualifier: page.qualifier })}`);
    if (!response.ok) {
      keep(path);
      blank(path, await problemOf(response));
      return;
    }
    files.loaded(path, (await response.json()).text);
  }
  keep(path);
  if (!states.has(path)) states.set(path, stateFor(path));
  by("editor").hidden = false;
  by("not-text").hidden = true;
  view.setState(states.get(path));
  if (line) {
    const at = view.state.doc.line(Math.min(line, view.state.doc.lines));
    view.dispatch({ selection: { anchor: at.from }, effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
  }
  show();
  showCursor();
}

function keep(path) {
  if (states.has(current) && files.get(current)) states.set(current, view.state);
  current = path;
  if (path && !tabs.includes(path)) tabs.push(path);
}

function blank(path, message) {
  by("editor").hidden = true;
  by("not-text").hidden = false;
  by("not-text-message").textContent = message;
  by("not-text-download").hidden = !path;
  if (path) by("not-text-download").href = `${page.urls.file}?${new URLSearchParams({ path: files.get(path).origin ?? path, qualifier: page.qualifier, download: "1" })}`;
  show();
}

function closeTab(path) {
  const at = tabs.indexOf(path);
  tabs = tabs.filter((tab) => tab !== path);
  if (path !== current) return show();
  const next = tabs[Math.min(at, tabs.length - 1)];
  if (next) return open(next);
  keep("");
  return blank("", "No file is open. Choose one from the list.");
}

// --- what the page shows -----------------------------------------------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function icon(name, extra = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${page.urls.icons}#i-${name}`);
  svg.append(use);
  return svg;
}

const LETTERS = { new: ["A", "new"], moved: ["R", "renamed"], changed: ["M", "unsaved"] };
const opened = new Set();

function showTree() {
  const list = by("tree-list");
  const focused = document.activeElement?.dataset?.path;
  list.replaceChildren();
  const seen = new Set();
  for (const path of files.paths()) {
    const parts = path.split("/");
    let hidden = false;
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      if (!hidden && !seen.has(folder)) {
        seen.add(folder);
        const isOpen = opened.has(folder);
        list.append(element("li", {}, element("button", {
          type: "button", class: "tree-item", style: `--d:${depth - 1}`, "data-path": folder, "aria-expanded": String(isOpen),
          onclick: () => (isOpen ? opened.delete(folder) : opened.add(folder), showTree()),
        }, icon("folder"), element("span", { class: "ellipsis" }, parts[depth - 1]))));
      }
      hidden ||= !opened.has(folder);
    }
    if (hidden) continue;
    const letter = LETTERS[files.state(path)];
    list.append(element("li", {}, element("button", {
      type: "button", class: "tree-item", style: `--d:${parts.length - 1}`, "data-path": path, title: path,
      "aria-current": path === current ? "true" : null,
      onclick: () => open(path).then(() => by("tree").matches(":popover-open") && by("tree").hidePopover()),
    }, icon("file"), element("span", { class: "ellipsis" }, parts.at(-1)),
    letter ? element("span", { class: "end c-ember", title: letter[1] }, letter[0], element("span", { class: "sr" }, ` ${letter[1]}`)) : null)));
  }
  if (focused) list.querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus();
}

function showTabs() {
  by("tabs").replaceChildren(...tabs.map((path) => element("div", { class: "file-tab", "data-current": path === current },
    element("button", { type: "button", class: "file-open", title: path, "aria-current": path === current ? "true" : null, onclick: () => open(path) },
      path.split("/").at(-1), files.state(path) ? element("span", { class: "dot c-dot-ember" }) : null,
      files.state(path) ? element("span", { class: "sr" }, "unsaved") : null),
    element("button", { type: "button", class: "file-close", "aria-label": `Close ${path}`, onclick: () => closeTab(path) }, icon("x", "i-sm")))));
}

function showState() {
  const count = files.count;
  by("state-text").textContent = busy ? "Deploying" : count ? `${count} unsaved ${count === 1 ? "file" : "files"}` : readOnly ? "Read-only" : "All deployed";
  by("state-dot").className = `dot ${busy || count ? "c-dot-ember" : readOnly ? "c-info" : "c-ok"}`;
  if (readOnly) return;
  by("deploy").disabled = busy || !count;
  by("discard").hidden = !count || busy;
  for (const id of ["rename", "remove"]) by(id).disabled = !files.get(current);
}

function show() {
  showTree();
  showTabs();
  showState();
}

function showCursor() {
  const head = view.state.selection.main.head;
  const line = view.state.doc.lineAt(head);
  by("cursor").textContent = `Ln ${line.number}, Col ${head - line.from + 1}`;
}

function say(message, kind = "err") {
  by("problem").hidden = !message;
  by("problem").className = `note is-${kind} ide-note`;
  by("problem-text").textContent = message;
}

// --- changing the package ----------------------------------------------------------------------------------------

// A name is typed in place, at the top of the tree.
function ask(label, value, done) {
  const form = by("name-form");
  form.hidden = false;
  by("name-label").textContent = label;
  by("name-error").textContent = "";
  const input = by("name-input");
  input.value = value;
  input.focus();
  input.setSelectionRange(0, Math.max(0, value.lastIndexOf(".")) || value.length);
  form.onsubmit = (event) => {
    event.preventDefault();
    try {
      done(input.value.trim());
      form.hidden = true;
    } catch (error) {
      by("name-error").textContent = error.message;
    }
  };
}

function wireFiles() {
  by("name-input").addEventListener("keydown", (event) => {
    if (event.key === "Escape") by("name-form").hidden = true;
  });
  by("new").addEventListener("click", () => ask("New file", current.includes("/") ? current.slice(0, current.lastIndexOf("/") + 1) : "", (path) => {
    files.create(path);
    reveal(path);
    open(path).then(() => view.focus());
  }));
  by("rename").addEventListener("click", () => ask("Rename to", current, (path) => {
    const old = current;
    files.rename(old, path);
    tabs = tabs.map((tab) => (tab === old ? path : tab));
    states.delete(old);
    if (files.get(path).text !== undefined) states.set(path, stateFor(path));
    current = "";
    reveal(path);
    open(path);
  }));
  by("remove").addEventListener("click", () => {
    const path = current;
    files.remove(path);
    states.delete(path);
    closeTab(path);
    toast(`${path} is deleted with the next deploy`);
  });
  by("discard").addEventListener("click", () => {
    if (confirm("Discard what is not deployed?")) reload();
  });
  by("deploy").addEventListener("click", deploy);
  by("conflict-load").addEventListener("click", reload);
  by("conflict-force").addEventListener("click", async () => {
    const response = await fetch(page.urls.state);
    revision = (await response.json()).revision_id;
    by("conflict").hidden = true;
    deploy();
  });
}

function reload() {
  removeEventListener("beforeunload", guard);
  location.reload();
}

function reveal(path) {
  const parts = path.split("/");
  for (let depth = 1; depth < parts.length; depth += 1) opened.add(parts.slice(0, depth).join("/"));
}

async function deploy() {
  if (readOnly || busy || !files.count) return;
  busy = true;
  say("");
  showState();
  by("deploy").setAttribute("aria-busy", "true");
  const changes = files.changes();
  try {
    const response = await send(page.urls.deploy, { revision_id: revision, ...changes });
    if (response.status === 412) {
      by("conflict").hidden = false;
      by("conflict-text").textContent = await problemOf(response);
    } else if (!response.ok) {
      say(await problemOf(response));
    } else {
      deployed(await response.json(), changes);
    }
  } catch {
    say("The server cannot be reached. Nothing was deployed, your changes are still here.");
  } finally {
    busy = false;
    by("deploy").removeAttribute("aria-busy");
    show();
  }
}

function deployed(answer, changes) {
  // What was typed while the deploy ran stays unsaved: only what was sent is deployed.
  const typed = new Map([...files.entries].map(([path, entry]) => [path, entry.text]));
  const sent = new Map([...files.entries].map(([path, entry]) => [path, entry.saved]));
  for (const { path, text } of changes.files) if (text !== undefined) sent.set(path, text);
  files.reset(answer.files, sent);
  for (const [path, text] of typed) if (text !== undefined && files.get(path)) files.write(path, text);
  revision = answer.revision_id;
  by("deployed-at").textContent = `Deployed just now, ${answer.size_text}`;
  by("package-size").textContent = answer.size_text;
  toast("Deployed");
}

// --- the test event and the result -------------------------------------------------------------------------------

const eventEditor = new EditorView({
  parent: by("event"),
  state: EditorState.create({
    doc: page.events[0]?.payload ?? page.sample_event,
    extensions: [
      keys, small, look, language("event.json"),
      EditorView.contentAttributes.of({ "aria-label": "Event, JSON", tabindex: "0" }),
    ],
  }),
});

function setEvent(text) {
  eventEditor.dispatch({ changes: { from: 0, to: eventEditor.state.doc.length, insert: text } });
}

function showEvents(chosen = "") {
  const select = by("event-name");
  select.replaceChildren(...page.events.map(({ name, shared }) => element("option", { value: name, selected: name === chosen }, shared ? `${name} (shared)` : name)));
  if (!chosen || !page.events.some(({ name }) => name === chosen)) {
    select.prepend(element("option", { value: "", selected: true }, "Not saved"));
  }
  by("event-delete").hidden = !select.value || readOnlyUser();
}

function readOnlyUser() {
  return !page.may_change;
}

async function test() {
  if (readOnlyUser() || by("test").getAttribute("aria-busy")) return;
  by("test").setAttribute("aria-busy", "true");
  by("event-error").textContent = "";
  try {
    const response = await send(page.urls.test, { payload: eventEditor.state.doc.toString(), qualifier: page.qualifier });
    if (response.status === 400) {
      by("event-error").textContent = await problemOf(response);
      eventEditor.focus();
    } else {
      by("result").innerHTML = response.ok ? await response.text() : "";
      if (!response.ok) say(await problemOf(response));
      by("unsaved-note").hidden = !files.count;
    }
  } catch {
    say("The server cannot be reached. The test may have run; its log tells.");
  } finally {
    by("test").removeAttribute("aria-busy");
  }
}

function wireEvents() {
  by("test").addEventListener("click", test);
  by("event-name").addEventListener("change", (change) => {
    const chosen = page.events.find(({ name }) => name === change.target.value);
    if (chosen) setEvent(chosen.payload);
    showEvents(change.target.value);
  });
  by("event-new").addEventListener("click", () => {
    showEvents("");
    setEvent(page.sample_event);
    eventEditor.focus();
  });
  by("event-format").addEventListener("click", () => {
    try {
      setEvent(JSON.stringify(JSON.parse(eventEditor.state.doc.toString()), null, 2));
      by("event-error").textContent = "";
    } catch (error) {
      by("event-error").textContent = error.message;
    }
  });
  by("event-save").addEventListener("click", () => {
    by("event-form").hidden = false;
    by("event-as").value = by("event-name").value;
    by("event-as").focus();
  });
  by("event-form").addEventListener("submit", async (submit) => {
    submit.preventDefault();
    const name = by("event-as").value.trim();
    const response = await send(page.urls.events, { name, payload: eventEditor.state.doc.toString() });
    if (!response.ok) {
      by("event-error").textContent = await problemOf(response);
      return;
    }
    page.events = (await response.json()).events;
    by("event-form").hidden = true;
    by("event-error").textContent = "";
    showEvents(name);
    toast(`Saved ${name}`);
  });
  by("event-cancel").addEventListener("click", () => (by("event-form").hidden = true));
  by("event-delete").addEventListener("click", async () => {
    const name = by("event-name").value;
    const response = await send(page.urls.events, { name }, "DELETE");
    if (!response.ok) return void (by("event-error").textContent = await problemOf(response));
    page.events = (await response.json()).events;
    showEvents("");
    toast(`Deleted ${name}`);
  });
}

// --- start -------------------------------------------------------------------------------------------------------

function guard(event) {
  if (files.count) event.preventDefault();
}

addEventListener("beforeunload", guard);
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  if (event.key === "s") {
    event.preventDefault();
    deploy();
  } else if (event.key === "Enter") {
    event.preventDefault();
    test();
  }
});

if (!readOnly) wireFiles();
if (page.may_change) wireEvents();
showEvents(page.events[0]?.name);
if (page.open) {
  reveal(page.open);
  await open(page.open, page.line);
} else blank("", files.paths().length ? "No file is open. Choose one from the list." : "The package is empty.");
by("ide").dataset.ready = "true";
