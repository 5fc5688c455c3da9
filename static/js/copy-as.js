// Copy as: the call of a row or form as AWS CLI, boto3 and curl, in one dialog. The server writes it.

import { csrfToken, toast } from "./console.js";

const dialog = document.getElementById("copy-as");

export async function show(url, body, note) {
  const headers = body ? { "X-CSRFToken": csrfToken() } : {};
  try {
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers });
    if (!answer.ok && answer.status !== 400) throw new Error(answer.statusText);
    dialog.innerHTML = await answer.text(); // our own template: values in it are escaped
    if (note) dialog.querySelector("h2").parentElement.after(Object.assign(document.createElement("p"), { textContent: note }));
    if (!dialog.open) dialog.showModal();
  } catch {
    toast("The server does not say it now. Reload the page and try again.", "err");
  }
}

function ofForm(button) {
  const form = button.form;
  const body = new FormData(form);
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  body.append("copy_as", "1");
  return show(form.getAttribute("action") ?? location.href, body);
}

addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy-as], [data-copy-form]");
  if (button?.matches("[data-copy-as]")) show(button.dataset.copyAs, null, button.dataset.note);
  else if (button) ofForm(button);
});
