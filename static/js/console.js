// What every page has: theme button, copy buttons, closing menus, keys, toasts, htmx's CSRF token.

const root = document.documentElement;

// From the cookie, as signing in anew in another tab changes it.
export function csrfToken() {
  const name = document.querySelector("meta[name=csrf-cookie]").content;
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

export function toast(text, kind = "ok") {
  const node = document.createElement("div");
  node.className = "toast";
  const dot = document.createElement("span");
  dot.className = `dot c-${kind}`;
  node.append(dot, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 4000);
}

function cycleTheme(url) {
  const order = ["", "light", "dark"];
  const next = order[(order.indexOf(root.dataset.theme ?? "") + 1) % order.length];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  localStorage.setItem("theme", next || "system");
  localStorage.setItem("theme-at", String(Date.now()));
  fetch(url, {
    method: "POST",
    body: new URLSearchParams({ theme: next || "system" }),
    headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
    keepalive: true,
  }).catch(() => {}); // this browser remembers it in any case
  toast(`Theme: ${next || "as the system"}`);
  dispatchEvent(new Event("hearth:theme"));
}

// The tab or section one is on may lie beyond the edge of a narrow window.
for (const tab of document.querySelectorAll(".tabs [aria-current], .subnav [aria-current]")) {
  const bar = tab.parentElement;
  bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}

async function copy(button) {
  const text = button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser does not allow copying here", "err");
  }
}

addEventListener("click", (event) => {
  const target = event.target.closest("button, a");
  if (target?.matches("[data-theme-toggle]")) cycleTheme(target.dataset.themeToggle);
  if (target?.matches("[data-copy], [data-copy-from]")) copy(target);
  if (target?.matches("[data-open]")) document.getElementById(target.dataset.open)?.showModal();
  if (target?.matches("[data-close]")) target.closest("dialog")?.close();
  for (const menu of document.querySelectorAll("details.drop[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.drop[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) target.focus();
  else target.click();
});

// A form that asks before it does what cannot be undone.
addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// A form that says what it does while it does it, and cannot be sent twice.
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || event.target.method === "dialog") return;
  button.setAttribute("aria-busy", "true");
  addEventListener("pageshow", () => button.removeAttribute("aria-busy"), { once: true });
});

// A select or range that says something beside itself, or sends its form by itself.
addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
addEventListener("input", (event) => {
  const output = event.target.dataset?.output && document.getElementById(event.target.dataset.output);
  if (output) output.textContent = event.target.value;
});

addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
addEventListener("htmx:responseError", () => toast("The server refused. Reload the page and try again.", "err"));
addEventListener("htmx:sendError", () => toast("The server cannot be reached.", "err"));
