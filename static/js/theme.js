// Runs before the first paint, so not a module: the chosen theme, or none for the system's. What the person chose is
// with the user (data-choice); where nobody is signed in, or nothing was chosen, this browser's own memory serves.
(() => {
  const root = document.documentElement;
  const isFresh = Date.now() - Number(localStorage.getItem("theme-at")) < 10_000; // perhaps not yet at the server
  const chosen = (!isFresh && root.dataset.choice) || localStorage.getItem("theme");
  if (root.dataset.choice && !isFresh) localStorage.setItem("theme", chosen);
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
})();
