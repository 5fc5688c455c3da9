// What the console uses of CodeMirror 6, as one module. How to rebuild: ../VERSIONS.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { css } from "@codemirror/lang-css";
import { html } from "@codemirror/lang-html";
import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { ruby } from "@codemirror/legacy-modes/mode/ruby";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export { Compartment, EditorState, EditorView, indentUnit, keymap };

// Colours come from tokens.css, so that both themes are one style.
const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.self, tags.bool, tags.null], color: "var(--code-key)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue], color: "var(--code-str)" },
  { tag: [tags.number, tags.atom, tags.unit], color: "var(--code-num)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.function(tags.variableName)), tags.propertyName, tags.tagName, tags.heading], color: "var(--code-fn)" },
  { tag: [tags.comment, tags.meta, tags.docString], color: "var(--code-com)" },
]);

export const setup = [
  lineNumbers(), highlightActiveLineGutter(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(),
  closeBrackets(), autocompletion(), highlightActiveLine(), highlightSelectionMatches(), search({ top: true }),
  syntaxHighlighting(highlight),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, indentWithTab]),
];

export const small = [
  history(), drawSelection(), bracketMatching(), closeBrackets(), syntaxHighlighting(highlight),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
];

const languages = {
  py: python, pyi: python, json, html, htm: html, css, md: markdown, yaml, yml: yaml,
  js: () => javascript(), mjs: () => javascript(), cjs: () => javascript(), jsx: () => javascript({ jsx: true }),
  ts: () => javascript({ typescript: true }), mts: () => javascript({ typescript: true }),
  rb: () => StreamLanguage.define(ruby), sh: () => StreamLanguage.define(shell), toml: () => StreamLanguage.define(toml),
};

// The language extension for a file name; an empty list for an unknown kind.
export function language(path) {
  const kind = languages[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  return kind ? kind() : [];
}
