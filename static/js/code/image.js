// The code page of a container image: nothing to edit, the same test.
import { keymap } from "../../vendor/codemirror.js";
import { by } from "./page.js";
import * as testing from "./testing.js";

addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || event.defaultPrevented) return;
  event.preventDefault();
  testing.test();
});
testing.start(keymap.of([{ key: "Mod-Enter", run: () => (testing.test(), true) }]), () => false);
by("ide").dataset.ready = "true";
