// Loaded in <head> without defer, so that no page flashes in the wrong theme. A signed-in person's choice comes
// from the server; elsewhere this browser remembers the last one.
{
  const root = document.documentElement;
  const apply = (theme) => (theme === "light" || theme === "dark" ? (root.dataset.theme = theme) : delete root.dataset.theme);
  const remember = (theme) => {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Storage may be forbidden; the choice then lasts for this page.
    }
  };
  if (root.dataset.themeFrom === "account") {
    remember(root.dataset.theme || "auto");
  } else {
    try {
      apply(localStorage.getItem("theme") || "auto");
    } catch {
      apply("auto");
    }
  }
}
