// The editors: how they look, and the state of one file or of the event.
import { EditorState, EditorView, indentUnit, language, setup, small } from "../../vendor/codemirror.js";

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

// Nobody is caught in here by Tab: Escape, then Tab leaves the editor (CodeMirror's own rule).
export function fileState({ path, text, readOnly, keys, onChange, onMove }) {
  const unit = /\.(py|pyi)$/.test(path) ? "    " : "  ";
  return EditorState.create({
    doc: text,
    extensions: [
      keys, setup, look, language(path), indentUnit.of(unit),
      EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly),
      EditorView.contentAttributes.of({
        "aria-label": `${path}, editor`, tabindex: "0", ...(readOnly ? { role: "textbox", "aria-readonly": "true" } : {}),
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
        if (update.selectionSet || update.docChanged) onMove();
      }),
    ],
  });
}

export function eventState({ text, keys }) {
  return EditorState.create({
    doc: text,
    extensions: [
      keys, small, look, language("event.json"),
      EditorView.contentAttributes.of({ "aria-label": "Event, JSON", tabindex: "0" }),
    ],
  });
}
