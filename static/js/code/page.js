// What the parts of the code page share: the data from the server, and small helpers.
import { csrfToken } from "../console.js";

export const page = JSON.parse(document.getElementById("code-data").textContent);
export const by = (id) => document.getElementById(id);

export async function send(url, body, method = "POST") {
  return fetch(url, {
    method, body: JSON.stringify(body), redirect: "error",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
  });
}

export async function problemOf(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

export function icon(name, extra = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${page.urls.icons}#i-${name}`);
  svg.append(use);
  return svg;
}

export function say(message, kind = "err") {
  by("problem").hidden = !message;
  by("problem").className = `note is-${kind} ide-note`;
  by("problem-text").textContent = message;
}
