// The reviews of the report: full-text search, filter by label, order within each group.
(() => {
  "use strict";
  const all = (selector, place = document) => [...place.querySelectorAll(selector)];
  const tools = document.getElementById("tools");
  const reviews = all(".review");
  const count = tools.querySelector("output");
  const orders = {
    confidence: (a, b) => b.dataset.confidence - a.dataset.confidence,
    length: (a, b) => a.dataset.length - b.dataset.length,
    range: (a, b) => b.dataset.range - a.dataset.range,
  };
  const texts = new Map(reviews.map((review) => [review, review.querySelector(".text").textContent.toLowerCase()]));
  const apply = () => {
    const { search, label, group, order } = tools.elements;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const section of all(".group")) {
      const mine = all(".review", section).sort(orders[order.value]);
      let here = 0;
      for (const review of mine) {
        const matches =
          (group.value === "" || group.value === section.dataset.kind) &&
          (label.value === "" || label.value === review.dataset.label) &&
          words.every((word) => texts.get(review).includes(word));
        review.hidden = !matches;
        here += matches;
      }
      section.querySelector(".list").append(...mine);
      section.hidden = group.value !== "" && group.value !== section.dataset.kind;
      section.querySelector(".none").hidden = here > 0;
      shown += here;
    }
    count.textContent = `${shown} of ${reviews.length} reviews`;
  };
  tools.hidden = false;
  tools.addEventListener("input", apply);
  tools.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
