// Live tail by server-sent events. While paused, lines wait; what does not fit is counted, never silently lost.

const SHOWN = 2000;
const WAITING = 5000;

const card = document.getElementById("tail");
const box = document.getElementById("tail-lines");
const state = document.getElementById("tail-state");
const dot = document.getElementById("tail-dot");
const pauseButton = document.getElementById("tail-pause");
const times = []; // when the lines of the last seconds came

let source;
let paused = false;
let ended = false;
let waiting = [];
let overflow = 0; // lines that came while paused and did not fit
let before = 0; // dropped on connections that are over
let dropped = 0; // dropped on this one, as the server counts

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function row(line) {
  const node = element("div", line.kind ? `line line-${line.kind}` : "line");
  const time = element("time");
  const clock = new Date(line.ms).toISOString();
  time.dateTime = clock;
  if (line.request) {
    const link = element("a", "", clock.slice(11, 23));
    link.href = card.dataset.requestUrl + encodeURIComponent(line.request);
    link.title = `Request ${line.request}`;
    time.append(link);
  } else {
    time.textContent = clock.slice(11, 23);
  }
  node.append(time, element("span", "lv", line.level), element("span", "msg", line.message));
  const names = Object.entries(line.fields);
  if (names.length) {
    const list = element("dl", "fields");
    for (const [name, value] of names) {
      const detail = element("dd");
      detail.append(element("span", value.startsWith('"') ? "s" : "n", value));
      list.append(element("dt", "", name), detail);
    }
    node.append(list);
  }
  return node;
}

function append(lines) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const part = document.createDocumentFragment();
  for (const line of lines.slice(-SHOWN)) part.append(row(line));
  box.append(part);
  while (box.childElementCount > SHOWN) box.firstElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function say() {
  const word = ended ? "Ended" : paused ? "Paused" : source?.readyState === EventSource.OPEN ? "Live tail" : "Connecting";
  if (state.textContent !== word) state.textContent = word;
  dot.classList.toggle("is-paused", word !== "Live tail");
  while (times.length && times[0] < Date.now() - 5000) times.shift();
  const rate = paused ? `${waiting.length} waiting` : times.length ? `${Math.max(1, Math.round(times.length / 5))} lines/s` : "quiet";
  document.getElementById("tail-rate").textContent = word === "Connecting" ? "" : rate;
  const lost = before + dropped + overflow;
  const note = document.getElementById("tail-dropped");
  note.hidden = !lost;
  note.textContent = `${lost.toLocaleString("en")} line${lost === 1 ? "" : "s"} dropped`;
}

function received(event) {
  const { lines, dropped: sum } = JSON.parse(event.data);
  dropped = sum;
  const now = Date.now();
  for (const _ of lines) times.push(now);
  if (paused) {
    waiting.push(...lines);
    const over = waiting.length - WAITING;
    if (over > 0) {
      waiting.splice(0, over);
      overflow += over;
    }
  } else {
    append(lines);
  }
  say();
}

function stop(message) {
  source?.close();
  ended = true;
  document.getElementById("tail-problem-text").textContent = message;
  document.getElementById("tail-problem").hidden = false;
  say();
}

function listen() {
  ended = false;
  document.getElementById("tail-problem").hidden = true;
  source = new EventSource(card.dataset.url);
  source.addEventListener("open", () => {
    before += dropped;
    dropped = 0;
    card.dataset.ready = "true";
    say();
  });
  source.addEventListener("lines", received);
  for (const kind of ["refused", "broken"]) {
    source.addEventListener(kind, (event) => stop(JSON.parse(event.data).message));
  }
  source.addEventListener("error", () => {
    // It tries again by itself unless the server answered with something else, such as the login page.
    if (source.readyState === EventSource.CLOSED && !ended) stop("The server ended the tail. Reload the page to sign in again.");
    say();
  });
  say();
}

function pause() {
  paused = !paused;
  pauseButton.setAttribute("aria-pressed", String(paused));
  pauseButton.querySelector("span").textContent = paused ? "Resume" : "Pause";
  if (!paused) {
    append(waiting);
    waiting = [];
    box.scrollTop = box.scrollHeight;
  }
  say();
}

if (card) {
  pauseButton.addEventListener("click", pause);
  document.getElementById("tail-clear").addEventListener("click", () => box.replaceChildren());
  document.getElementById("tail-again").addEventListener("click", listen);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && listen());
  setInterval(say, 1000);
  listen();
}
