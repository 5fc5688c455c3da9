// What is on the air changes by itself: asked for anew every 3 s while one looks, every 60 s while one idles, not at all
// when the page is hidden.

const OFTEN = 3_000;
const SELDOM = 60_000;
const IDLE = 120_000; // milliseconds without a move

let movedAt = Date.now();
let askedAt = Date.now();

for (const name of ["pointermove", "keydown", "scroll"]) {
  addEventListener(name, () => (movedAt = Date.now()), { passive: true });
}
setInterval(() => {
  const now = Date.now();
  const pause = now - movedAt > IDLE ? SELDOM : OFTEN;
  const part = document.querySelector("[data-refresh]");
  // Nobody's focus is taken away under the hands.
  if (!part || document.hidden || now - askedAt < pause || part.contains(document.activeElement)) return;
  askedAt = now;
  part.dispatchEvent(new Event("hearth:refresh"));
}, 1000);
