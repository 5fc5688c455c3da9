// The dialog that shows what would change, and uploading a whole package.
import { csrfToken } from "../console.js";
import { by, page, problemOf, say, send } from "./page.js";

export async function showChanges(changes) {
  by("changes-body").replaceChildren("Loading");
  by("changes-dialog").showModal();
  try {
    const response = await send(page.urls.changes, changes);
    if (response.ok) by("changes-body").innerHTML = await response.text();
    else by("changes-body").replaceChildren(await problemOf(response));
  } catch {
    by("changes-body").replaceChildren("The server cannot be reached.");
  }
}

function problemIn(request) {
  try {
    return JSON.parse(request.responseText).message;
  } catch {
    return request.status === 200 ? "You are signed out. Sign in in another tab, then try again." : `The server answered ${request.status}.`;
  }
}

// `done` is called when the package is deployed: the page begins anew with it.
export function wireUpload({ revision, unsaved, done }) {
  const input = by("upload-file");
  by("upload").addEventListener("click", () => {
    if (!unsaved() || confirm("What is not deployed is dropped for the package you upload. Go on?")) input.click();
  });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (!file) return;
    const form = new FormData();
    form.append("zip", file);
    form.append("revision_id", revision());
    input.value = "";
    const request = new XMLHttpRequest();
    const end = (message) => {
      by("uploading").hidden = true;
      by("upload").disabled = false;
      say(message);
    };
    request.open("POST", page.urls.upload);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      by("uploading-bar").value = total ? loaded / total : 0;
      by("uploading-text").textContent = loaded < total ? `Uploading ${file.name}: ${Math.floor((100 * loaded) / total)} %` : `Unpacking and checking ${file.name}`;
    });
    request.addEventListener("load", () => {
      if (request.status === 200 && request.getResponseHeader("Content-Type") === "application/json") done();
      else end(problemIn(request));
    });
    request.addEventListener("error", () => end("The server cannot be reached. Nothing was deployed."));
    request.addEventListener("abort", () => end("The upload was cancelled. Nothing was deployed."));
    by("uploading-cancel").onclick = () => request.abort();
    by("uploading-text").textContent = `Uploading ${file.name}`;
    by("uploading-bar").value = 0;
    by("uploading").hidden = false;
    by("upload").disabled = true;
    say("");
    request.send(form);
  });
}
