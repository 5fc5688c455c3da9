// Code and test on one screen: file tree, editor with tabs, deploy, test event, result.
import { toast } from "../console.js";
import { EditorView, keymap } from "../../vendor/codemirror.js";
import { fileState } from "./editor.js";
import { Package } from "./package.js";
import { by, element, icon, page, problemOf, say, send } from "./page.js";
import * as testing from "./testing.js";
import { showChanges, wireUpload } from "./upload.js";

const files = new Package(page.files);
const states = new Map(); // path -> EditorState: undo and cursor survive a change of tab
const readOnly = page.read_only;
let revision = page.revision_id;
let tabs = [];
let current = "";
let busy = false;

// --- the editor --------------------------------------------------------------------------------------------------

const keys = keymap.of([
  { key: "Mod-s", run: () => (deploy(), true) },
  { key: "Mod-Enter", run: () => (testing.test(), true) },
]);

function stateFor(path) {
  const onChange = (text) => {
    files.write(current, text);
    show();
  };
  return fileState({ path, text: files.get(path).text, readOnly, keys, onChange, onMove: showCursor });
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
  if (line > 0) {
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

const LETTERS = { new: ["A", "new"], moved: ["R", "renamed"], changed: ["M", "unsaved"] };
const LARGE = 100 * 1024; // from here on the tree says how large a file is
const opened = new Set();

function sizeOf(bytes) {
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

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
    !letter && files.get(path).size >= LARGE ? element("span", { class: "end t3" }, sizeOf(files.get(path).size)) : null,
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
  by("changes").hidden = !count;
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
  for (const id of ["changes", "conflict-changes"]) by(id).addEventListener("click", () => showChanges(files.changes()));
  wireUpload({ revision: () => revision, unsaved: () => files.count, done: reload });
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

// --- start -------------------------------------------------------------------------------------------------------

function guard(event) {
  if (files.count) event.preventDefault();
}

addEventListener("beforeunload", guard);
// A frame of a stack opens its line here, without leaving the page.
addEventListener("click", (event) => {
  const frame = event.target.closest("[data-frame]");
  if (!frame || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const query = new URL(frame.href).searchParams;
  if (!files.get(query.get("file"))) return;
  event.preventDefault();
  reveal(query.get("file"));
  open(query.get("file"), Number(query.get("line"))).then(() => view.focus());
});
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  if (event.key === "s") {
    event.preventDefault();
    deploy();
  } else if (event.key === "Enter") {
    event.preventDefault();
    testing.test();
  }
});

if (!readOnly) wireFiles();
testing.start(keys, () => files.count > 0);
if (page.open) {
  reveal(page.open);
  await open(page.open, page.line);
} else blank("", files.paths().length ? "No file is open. Choose one from the list." : "The package is empty.");
by("ide").dataset.ready = "true";
