// The test event, its saved companions, and the result of a test.
import { toast } from "../console.js";
import { show as copyAs } from "../copy-as.js";
import { EditorView } from "../../vendor/codemirror.js";
import { eventState } from "./editor.js";
import { by, element, page, problemOf, say, send } from "./page.js";

let eventEditor;
let isUnsaved;

function setEvent(text) {
  eventEditor.dispatch({ changes: { from: 0, to: eventEditor.state.doc.length, insert: text } });
}

function showEvents(chosen = "") {
  const select = by("event-name");
  select.replaceChildren(...page.events.map(({ name, shared }) => element("option", { value: name, selected: name === chosen }, shared ? `${name} (shared)` : name)));
  if (!chosen || !page.events.some(({ name }) => name === chosen)) {
    select.prepend(element("option", { value: "", selected: true }, "Not saved"));
  }
  if (page.may_change) by("event-delete").hidden = !select.value;
}

export async function test() {
  if (!page.may_change || by("test").getAttribute("aria-busy")) return;
  by("test").setAttribute("aria-busy", "true");
  by("event-error").textContent = "";
  try {
    const response = await send(page.urls.test, { payload: eventEditor.state.doc.toString(), qualifier: page.qualifier, mode: by("mode").value, tenant: by("tenant")?.value ?? "" });
    if (response.status === 400) {
      by("event-error").textContent = await problemOf(response);
      eventEditor.focus();
    } else {
      by("result").innerHTML = response.ok ? await response.text() : "";
      if (!response.ok) say(await problemOf(response));
      by("unsaved-note").hidden = !isUnsaved();
      document.body.dispatchEvent(new Event("hearth:tested"));
    }
  } catch {
    say("The server cannot be reached. The test may have run; its log tells.");
  } finally {
    by("test").removeAttribute("aria-busy");
  }
}

// `unsaved` tells whether the editor holds what is not deployed.
export function start(keys, unsaved) {
  isUnsaved = unsaved;
  eventEditor = new EditorView({
    parent: by("event"), state: eventState({ text: page.events[0]?.payload ?? page.sample_event, keys }),
  });
  showEvents(page.events[0]?.name);
  by("event-name").addEventListener("change", (change) => {
    const chosen = page.events.find(({ name }) => name === change.target.value);
    if (chosen) setEvent(chosen.payload);
    showEvents(change.target.value);
  });
  if (page.may_change) wire();
}

function wire() {
  by("test").addEventListener("click", test);
  by("event-new").addEventListener("click", () => {
    showEvents("");
    setEvent(page.sample_event);
    eventEditor.focus();
  });
  by("event-sample").addEventListener("change", async ({ target }) => {
    if (!target.value) return;
    const response = await fetch(page.urls.sample.replace("NAME", target.value));
    if (!response.ok) return void (by("event-error").textContent = await problemOf(response));
    showEvents("");
    setEvent(await response.text());
    by("event-error").textContent = "";
    target.value = "";
    eventEditor.focus();
  });
  by("event-copy").addEventListener("click", ({ currentTarget: { dataset } }) => {
    const call = { FunctionName: dataset.name, Payload: eventEditor.state.doc.toString(), InvocationType: by("mode").value };
    if (by("tenant")?.value) call.TenantId = by("tenant").value;
    if (page.qualifier !== "$LATEST") call.Qualifier = page.qualifier;
    copyAs(dataset.url, new URLSearchParams(call));
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
