// Runs before the first paint so that a chosen theme never flashes.
(() => {
  const root = document.documentElement;
  root.dataset.script = "";
  try {
    const chosen = localStorage.getItem("waxell-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // Storage may be switched off; the system's preference then holds.
  }
})();
