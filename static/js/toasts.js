// A note that offers to take a change back becomes a toast: it stays while one looks at it, then goes by itself.

import { csrfToken, toast } from "./console.js";

const LIFE = 10_000; // milliseconds
const place = document.getElementById("toasts");

async function undo(button) {
  button.disabled = true;
  const answer = await fetch(button.dataset.undo, {
    method: "POST",
    headers: { "X-CSRFToken": csrfToken() },
    redirect: "manual", // where it leads is this page: the reload shows it, with what was said
  });
  if (answer.type === "opaqueredirect") location.reload();
  else toast("This cannot be taken back any more", "err");
}

function raise(note) {
  const node = document.createElement("div");
  node.className = "toast";
  node.dataset.undoToast = "";
  const text = document.createElement("span");
  text.className = "grow";
  text.append(...note.querySelector(".grow").childNodes);
  const button = text.querySelector("[data-undo]");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-ghost btn-sm";
  close.textContent = "Dismiss";
  close.addEventListener("click", () => node.remove());
  const end = document.createElement("span");
  end.className = "end";
  end.append(button, close);
  button.addEventListener("click", () => undo(button));
  node.append(text, end);
  note.remove();
  place.append(node);
  let timer = setTimeout(() => node.remove(), LIFE);
  const hold = () => clearTimeout(timer);
  const letGo = () => {
    clearTimeout(timer);
    timer = setTimeout(() => node.remove(), LIFE);
  };
  for (const name of ["pointerenter", "focusin"]) node.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) node.addEventListener(name, letGo);
}

for (const button of document.querySelectorAll(".note [data-undo]")) raise(button.closest(".note"));
