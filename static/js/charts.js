// Draws the figures that the server built (plotly's JSON) in the colours of the theme.
// Dragging over a chart opens that time range on all of them.

let figures = JSON.parse(document.getElementById("figures")?.textContent ?? "{}");
const nodes = [...document.querySelectorAll("[data-figure]")];
const themes = await (await fetch(document.getElementById("charts").dataset.theme)).json();
await painted();
await run(document.getElementById("plotly").href);

// Plotly is large: the page is seen before it runs.
function painted() {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

function run(source) {
  return new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: source, onload: done, onerror: failed });
    document.head.append(script);
  });
}

function theme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return themes[chosen];
  return matchMedia("(prefers-color-scheme: dark)").matches ? themes.dark : themes.light;
}

function styled(trace, look) {
  const role = look.traces[trace.meta] ?? {};
  return {
    ...role, ...trace,
    line: { ...role.line, ...trace.line },
    marker: { color: role.line?.color, ...role.marker, ...trace.marker },
  };
}

function draw() {
  const look = theme();
  for (const node of nodes) {
    const figure = figures[node.dataset.figure];
    const layout = { ...figure.layout, template: look.template, autosize: true, datarevision: Date.now() };
    Plotly.react(node, figure.data.map((trace) => styled(trace, look)), layout, themes.config);
  }
}

// Plotly writes UTC times without a zone.
function absolute(text) {
  return new Date(`${text.replace(" ", "T")}Z`).toISOString().replace(/\.\d+Z$/, "Z");
}

function wire(node) {
  node.on("plotly_selected", (chosen) => {
    if (!chosen?.range?.x) return;
    const url = new URL(location.href);
    url.searchParams.set("from", absolute(chosen.range.x[0]));
    url.searchParams.set("to", absolute(chosen.range.x[1]));
    location.assign(url);
  });
  node.on("plotly_hover", (event) => {
    if (!event.event?.isTrusted) return; // one that we made
    // All charts have the same periods: the same place in each is the same time.
    const { pointNumber } = event.points[0];
    for (const other of nodes) {
      if (other !== node) Plotly.Fx.hover(other, other.data.map((_, curveNumber) => ({ curveNumber, pointNumber })), "xy");
    }
  });
  node.on("plotly_unhover", () => {
    for (const other of nodes) if (other !== node) Plotly.Fx.unhover(other);
  });
}

draw();
nodes.forEach(wire);
document.getElementById("charts").dataset.ready = "true";
addEventListener("hearth:theme", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

// Auto refresh: the page is asked for again, its numbers and curves are put in the place of the old ones.
const place = document.getElementById("charts");
const every = Number(place.dataset.refresh) * 1000;
let timer = 0;

function renew(page) {
  figures = JSON.parse(page.getElementById("figures").textContent);
  for (const card of place.querySelectorAll("[data-chart]")) {
    const fresh = page.querySelector(`[data-chart="${card.dataset.chart}"]`);
    for (const part of [".big", ".legend", ".chart-quiet > p", ".numbers table"]) {
      const [old, now] = [card.querySelector(part), fresh.querySelector(part)];
      if (old && now) old.replaceWith(now);
      else if (old) old.remove();
    }
    const figure = fresh.querySelector("[data-figure]");
    card.querySelector("[data-figure]").setAttribute("aria-label", figure.getAttribute("aria-label"));
  }
  draw();
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return; // goes on when somebody looks again
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      place.dataset.refreshed = String(Number(place.dataset.refreshed ?? 0) + 1);
    }
  } catch {
    // The server is away: the next time tries again.
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, every);
}

if (every) {
  timer = setTimeout(refresh, every);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
}
