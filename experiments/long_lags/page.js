// The color scheme and the charts, as in the report.
(() => {
  "use strict";
  const data = (id) => JSON.parse(document.getElementById(id).textContent);

  // Colors follow the system until the button is pressed.
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  system.addEventListener("change", name);
  name();

  // Charts are SVG, colored by the style sheet. Their place has a description for screen readers.
  const specs = data("specs");
  const config = data("config");
  for (const place of document.querySelectorAll("[data-chart]")) {
    const legend = { ...config.legend, columns: place.clientWidth < 440 ? 2 : 4 };
    const options = { renderer: "svg", actions: false, tooltip: { theme: "custom", disableDefaultStyle: true } };
    window.vegaEmbed(place, specs[place.dataset.chart], { ...options, config: { ...config, legend } }).then(() => {
      for (const child of place.children) child.setAttribute("aria-hidden", "true");
    });
  }
})();
