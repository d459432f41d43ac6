/* Small comforts. Every page works without this file. */
(() => {
  "use strict";
  const root = document.documentElement;

  // "/" goes to the search; Escape leaves it.
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    const search = document.querySelector("[data-search]");
    if (!search) return;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      search.blur();
    }
  });

  // Arrow keys walk the rows of a result list.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const rows = [...document.querySelectorAll(".hits a")];
    const at = rows.indexOf(document.activeElement);
    const inSearch = document.activeElement && document.activeElement.matches("[data-search]");
    if (!rows.length || (at < 0 && !inSearch)) return;
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    (rows[next] || (next < 0 ? document.querySelector("[data-search]") : rows[at])).focus();
  });

  // Light or dark by choice, kept in a cookie so that the server draws the right page at once.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch]");
    if (button) {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : window.matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    }
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent).then(() => {
        copy.querySelector("[data-words]").textContent = copy.dataset.done;
      });
    }
  });

  // A part that cannot be fetched says so instead of staying as it was.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) window.location.reload();
  });

  // Controls that need this file show themselves now.
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
})();
