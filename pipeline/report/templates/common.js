// Adds to any page what needs a script: charts, sorting, the probability of a word on hover, and printing.
(() => {
  "use strict";
  const all = (selector, place = document) => [...place.querySelectorAll(selector)];
  const data = (id) => JSON.parse(document.getElementById(id).textContent);

  // Charts are SVG, colored by the style sheet. One in closed details has no width yet and waits.
  const specs = data("specs");
  const config = data("config");
  const options = {
    renderer: "svg",
    actions: false,
    tooltip: { theme: "custom", disableDefaultStyle: true },
  };
  const draw = (place) => {
    if (place.dataset.drawn) return;
    place.dataset.drawn = "yes";
    const legend = { ...config.legend, columns: place.clientWidth < 440 ? 2 : config.legend.columns };
    const here = { ...options, config: { ...config, legend } };
    // The place has a description; a screen reader need not read out every symbol as well.
    window.vegaEmbed(place, specs[place.dataset.chart], here).then(() => {
      for (const child of place.children) child.setAttribute("aria-hidden", "true");
    });
  };
  for (const place of all("[data-chart]")) {
    const closed = place.closest("details:not([open])");
    if (closed) closed.addEventListener("toggle", () => draw(place), { once: true });
    else draw(place);
  }

  // Tables: a heading is a button that sorts its column, numbers in descending order first.
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = parseFloat(text.replaceAll(",", ""));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === typeof b ? (typeof a === "number" ? a - b : a.localeCompare(b)) : typeof a === "number" ? -1 : 1;
  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      if (head.dataset.sort === "no") return;
      const press = document.createElement("button");
      press.type = "button";
      press.append(...head.childNodes);
      head.append(press);
      press.addEventListener("click", () => {
        const body = table.tBodies[0];
        const rows = [...body.rows];
        const before = head.getAttribute("aria-sort");
        const numeric = typeof value(rows[0], column) === "number";
        const order = before ? (before === "ascending" ? "descending" : "ascending") : numeric ? "descending" : "ascending";
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        body.append(...rows.sort((a, b) => sign * compare(value(a, column), value(b, column))));
      });
    });
  }

  // Hovering over a word shows the probability after it and its place on the line.
  for (const reading of all("[data-percents]")) {
    const percents = reading.dataset.percents.split(" ");
    const shown = reading.querySelector(".here");
    const dot = reading.querySelector(".spark circle");
    let words;
    reading.querySelector(".text").addEventListener("pointerover", (event) => {
      words ??= all("i", reading);
      const at = words.indexOf(event.target);
      shown.textContent = at < 0 ? "" : `after “${event.target.textContent}”: ${percents[at]}\u00a0%`;
      dot.style.display = at < 0 ? "" : "inline";
      if (at < 0) return;
      const box = reading.querySelector(".spark").viewBox.baseVal;
      dot.setAttribute("cx", (box.width * (at + 1)) / percents.length);
      dot.setAttribute("cy", 1 + (box.height - 2) * (1 - percents[at] / 100));
    });
  }

  // Printing opens everything and shows all reviews; afterwards the page is as before.
  let opened = [];
  let filtered = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    filtered = all(".review[hidden], .group[hidden]");
    for (const one of filtered) one.hidden = false;
    for (const one of opened) one.open = true;
    all("[data-chart]").forEach(draw);
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
    for (const one of filtered) one.hidden = true;
  });
})();
