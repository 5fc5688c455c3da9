// Typed code gets a real editor over its text area; another runtime family brings its own sample and handler.
import { EditorState, EditorView, language, setup } from "../vendor/codemirror.js";

const area = document.getElementById("id_source_text");
const runtime = document.getElementById("id_Runtime");
const handler = document.getElementById("id_Handler");
const samples = JSON.parse(document.getElementById("templates").textContent);
const family = () => Object.keys(samples).find((each) => runtime.value.startsWith(each)) ?? "python";
const mount = document.createElement("div");
mount.className = "event-area code-mount";
area.after(mount);
area.hidden = true;

function state(text) {
  return EditorState.create({
    doc: text,
    extensions: [
      setup, language(samples[family()].file),
      EditorView.contentAttributes.of({ "aria-label": "Code", tabindex: "0", ...(area.getAttribute("aria-describedby") ? { "aria-describedby": area.getAttribute("aria-describedby") } : {}) }),
      EditorView.theme({ "&": { fontSize: "12.5px" }, "&.cm-focused": { outline: "none" }, ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px" }, ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "0" }, ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-line)" }, ".cm-cursor": { borderLeftColor: "var(--ember)" } }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) area.value = update.state.doc.toString();
      }),
    ],
  });
}

const view = new EditorView({ parent: mount, state: state(area.value) });
let last = family();

runtime.addEventListener("change", () => {
  if (family() === last) return;
  const before = samples[last];
  const after = samples[family()];
  const untouched = view.state.doc.toString().trim() === before.code.trim();
  last = family();
  const text = untouched ? after.code : view.state.doc.toString();
  view.setState(state(text));
  area.value = text;
  if (handler.value === before.handler) handler.value = after.handler;
});
