// The charts, as in the report.
(() => {
  "use strict";
  const data = (id) => JSON.parse(document.getElementById(id).textContent);

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
