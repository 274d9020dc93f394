// Sends the review to POST /predict and draws the answer. No libraries.
"use strict";

const EXAMPLE =
  "I went in with low expectations, and for the first half hour the film met them: the jokes are stale, the score is loud " +
  "and the plot takes ages to get going. Then something happens. The two leads stop shouting and start listening to each " +
  "other, the camera finds a little patience, and what looked like a lazy comedy turns into a touching story about growing " +
  "old. It is far from perfect, and the ending is predictable, but I laughed, I cried a little, and I would happily see it again.";
const DESCRIPTIONS = {
  bag_of_vectors: "mean of the word vectors",
  tfidf: "n-grams with tf-idf weights",
  nbsvm: "n-grams with naive Bayes weights",
  lstm_random: "LSTM, random initial vectors",
  lstm_frozen: "LSTM, frozen word2vec vectors",
  lstm_finetuned: "LSTM, fine-tuned word2vec vectors",
  lstm_student: "fine-tuned LSTM, also taught by the ensemble",
};
const TICKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];
const FULL_SHADE = [0.3, 1.5]; // the smallest and the largest change of the logit that gets the darkest shade
const LEFT = 48;
const RIGHT = 8; // half the slider's thumb
const HEIGHT = 190;

const $ = (id) => document.getElementById(id);
const LEAD = $("form").dataset.lead;
const logit = (p) => Math.log(p / (1 - p));
const probability = (z) => 1 / (1 + Math.exp(-z));
const label = (p) => (p >= 0.5 ? "positive" : "negative");
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

function percent(p) {
  const distance = Math.min(p, 1 - p);
  if (distance < 0.00005) return p < 0.5 ? "< 0.01 %" : "> 99.99 %";
  return `${(100 * p).toFixed(distance < 0.001 ? 2 : distance < 0.01 ? 1 : 0)} %`;
}

// An element with attributes and children; text is always text, never markup.
function make(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "path", "line", "circle", "text", "clipPath", "rect"].includes(name);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function showError(message) {
  $("error").textContent = message;
  $("error").hidden = !message;
  $("text").toggleAttribute("aria-invalid", Boolean(message));
}

function showModels(models) {
  $("models").replaceChildren(
    ...Object.entries(models).map(([name, p]) => {
      const fill = make("div", { class: label(p) });
      fill.style.setProperty("--far", Math.abs(2 * p - 1).toFixed(4));
      return make("tr", name === LEAD ? { class: "lead" } : {},
        make("td", { class: "model" }, make("code", {}, name), make("span", { class: "quiet" }, DESCRIPTIONS[name] || "")),
        make("td", {}, make("div", { class: "bar", "aria-hidden": "true" }, fill)),
        make("td", { class: "n" }, percent(p)));
    }),
  );
}

function showVerdict(answer) {
  const p = answer.models[LEAD];
  $("verdict").textContent = p >= 0.5 ? "Positive" : "Negative";
  $("verdict").className = `verdict ${label(p)}`;
  const others = Object.entries(answer.models).filter(([name]) => name !== LEAD);
  const same = others.filter(([, other]) => label(other) === label(p)).length;
  const agreement =
    same === others.length ? `All ${same} other models agree.` : same ? `${same} of the ${others.length} other models agree.` : "No other model agrees.";
  $("agreement").textContent = `The fine-tuned LSTM puts the probability that the review is positive at ${percent(p)}. ${agreement}`;
  const notes = [];
  const meanWords = $("form").dataset.meanWords;
  if (!answer.n_known) notes.push("None of its words is in the vocabulary, so the models see an empty review.");
  else if (meanWords && answer.n_words < 20) notes.push(`It is short; the training reviews have about ${meanWords} words on average.`);
  if (answer.n_control) notes.push(`${count(answer.n_control, "control character")} in it became ${answer.n_control === 1 ? "a space" : "spaces"}.`);
  if (answer.n_read < answer.n_known)
    notes.push(`The LSTMs read ${answer.n_read.toLocaleString("en")} of its ${count(answer.n_known, "known token")}, from the beginning and the end.`);
  if (answer.stride > 1) notes.push(`It is long, so the curve and the shades below are computed for ${answer.stride} tokens at a time.`);
  $("notes").textContent = notes.join(" ");
}

// Write the text, the tokens of each step in an element that is shaded by the step's change of the logit. Return the
// steps: the logits before and after, the number of tokens read up to there, the text and its elements. A step is one
// token, or several where the server computed only every so many; then they are shaded and named together.
function showPieces({ pieces, steps: logits, before, stride, n_read }) {
  const steps = logits.map((to, i) => ({
    from: i ? logits[i - 1] : before, to, first: i * stride + 1, last: Math.min((i + 1) * stride, n_read), text: "", elements: [],
  }));
  const following = []; // the step of this or the next token that is read; undefined before the part that is not read
  for (let i = pieces.length - 1; i >= 0; i--)
    following[i] = pieces[i].left_out === "middle" ? undefined : pieces[i].step !== undefined ? pieces[i].step : following[i + 1];
  const nodes = [];
  let open = -1; // the step whose element takes further pieces
  pieces.forEach((piece, i) => {
    if (piece.step !== undefined && piece.step !== open) {
      open = piece.step;
      const element = make("span", { class: "step", "data-step": open + 1 });
      if (steps[open].elements.length) steps[open].text += " … ";
      steps[open].elements.push(element);
      nodes.push(element);
    }
    const inside = open >= 0 && following[i] === open;
    if (!inside) open = -1;
    const node = piece.left_out ? make("span", { class: "left-out" }, piece.text) : document.createTextNode(piece.text);
    if (inside) {
      nodes[nodes.length - 1].append(node);
      steps[open].text += piece.text;
    } else nodes.push(node);
  });
  const changes = steps.map((step) => Math.abs(step.to - step.from)).sort((a, b) => a - b);
  const full = Math.min(FULL_SHADE[1], Math.max(FULL_SHADE[0], changes[Math.floor(0.98 * changes.length)] || 0));
  for (const { from, to, elements } of steps) {
    for (const element of elements) {
      element.classList.add(to >= from ? "positive" : "negative");
      element.classList.toggle("much", Math.abs(to - from) > full / 3);
      element.style.setProperty("--by", (0.62 * Math.min(1, Math.abs(to - from) / full)).toFixed(3));
    }
  }
  $("pieces").replaceChildren(...nodes);
  $("legend-left-out").hidden = !pieces.some((piece) => piece.left_out);
  return steps;
}

// Draw the curve over the tokens, on the scale of the logit, where 90 and 99 % are as far apart as they are to the model.
// Return a function that moves the cursor to the end of step i, from 1 on; 0 is before the first token.
function drawChart(steps, before) {
  const width = Math.max(240, $("plot").clientWidth);
  const left = width < 500 ? 42 : LEFT;
  const values = [before, ...steps.map((step) => step.to)];
  const ends = [0, ...steps.map((step) => step.last)];
  const n = ends[ends.length - 1];
  const reach = Math.max(logit(0.95), ...values.map(Math.abs)) * 1.08;
  const x = (token) => left + ((width - left - RIGHT) * token) / n;
  const y = (z) => 8 + ((HEIGHT - 16) * (reach - z)) / (2 * reach);
  const points = values.map((z, i) => `${x(ends[i]).toFixed(1)},${y(z).toFixed(1)}`);
  const area = `M${x(0)},${y(0)}L${points.join("L")}L${x(n)},${y(0)}Z`;
  const ticks = TICKS.filter((p) => Math.abs(logit(p)) < reach);
  const cursor = make("g", { class: "cursor" }, make("line", { y1: 0, y2: HEIGHT }), make("circle", { r: 5 }));
  const svg = make("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", preserveAspectRatio: "none",
      "aria-label": `The probability over ${count(n, "token")}, from ${percent(probability(before))} to ${percent(probability(values[values.length - 1]))}` },
    make("clipPath", { id: "upper" }, make("rect", { x: 0, y: 0, width, height: y(0) })),
    make("clipPath", { id: "lower" }, make("rect", { x: 0, y: y(0), width, height: HEIGHT - y(0) })),
    ...ticks.map((p) => make("line", { class: p === 0.5 ? "even" : "grid", x1: left, x2: width - RIGHT, y1: y(logit(p)), y2: y(logit(p)) })),
    ...ticks.map((p) => make("text", { x: left - 8, y: y(logit(p)) + 4, "text-anchor": "end" }, `${+(100 * p).toFixed(1)} %`)),
    make("path", { class: "above", d: area, "clip-path": "url(#upper)" }),
    make("path", { class: "below", d: area, "clip-path": "url(#lower)" }),
    make("path", { class: "curve", d: `M${points.join("L")}` }),
    cursor);
  svg.addEventListener("pointermove", (event) => {
    const token = (n * (event.clientX - svg.getBoundingClientRect().left - x(0))) / (x(n) - x(0));
    const i = ends.findIndex((end) => end >= Math.round(token));
    point(i < 0 ? steps.length : i);
  });
  $("plot").replaceChildren(svg);
  return (i) => {
    cursor.firstChild.setAttribute("x1", x(ends[i]));
    cursor.firstChild.setAttribute("x2", x(ends[i]));
    cursor.lastChild.setAttribute("cx", x(ends[i]));
    cursor.lastChild.setAttribute("cy", y(values[i]));
  };
}

let shown = null; // the answer that is shown
let steps = []; // of its review
let moveCursor = () => {};

// Select step i, from 1 on, in the chart, the text, the slider and the line of text between; 0 is before the first token.
function point(i) {
  if (!steps.length) return;
  for (const element of $("pieces").querySelectorAll(".at")) element.classList.remove("at");
  moveCursor(i);
  $("step").value = i;
  if (!i) {
    const words = `Before the first token: ${percent(probability(shown.before))} positive`;
    $("readout").replaceChildren(words);
    return $("step").setAttribute("aria-valuetext", words);
  }
  const step = steps[i - 1];
  for (const element of step.elements) element.classList.add("at");
  const change = `from ${percent(probability(step.from))} to ${percent(probability(step.to))} positive`;
  const tokens = step.first === step.last ? `token ${step.first}` : `tokens ${step.first} to ${step.last}`;
  const text = step.text.replace(/\s+/g, " ");
  $("readout").replaceChildren(make("strong", {}, text), ` ${change}, ${tokens} of the ${shown.n_read} that it reads`);
  $("step").setAttribute("aria-valuetext", `${text}, ${tokens}, ${change}`);
}

function showPrefixes(answer) {
  steps = showPieces(answer);
  $("prefixes").hidden = !steps.length;
  if (!steps.length) return;
  $("step").max = steps.length;
  moveCursor = drawChart(steps, answer.before);
  const changes = steps.map((step) => Math.abs(step.to - step.from));
  point(changes.indexOf(Math.max(...changes)) + 1); // the largest change
}

function showSimilar(reviews) {
  if (!reviews || !$("similar")) return;
  $("similar-lead").hidden = !reviews.length;
  $("similar").replaceChildren(
    ...reviews.map((review) => {
      const verdict = review.label ? "positive" : "negative";
      const stars = review.rating > 0 ? `, ${review.rating} of 10 stars` : "";
      return make("article", { class: verdict },
        make("p", {}, make("strong", { class: verdict }, verdict), make("span", { class: "quiet" }, `${stars}; cosine ${review.cosine.toFixed(3)}`)),
        make("p", {}, review.text));
    }),
  );
  if (!reviews.length) $("similar").textContent = "None: a review without known words has no vector.";
}

function show(answer) {
  shown = answer;
  $("answer").hidden = false; // before drawing, which needs its width
  showVerdict(answer);
  showModels(answer.models);
  showPrefixes(answer);
  showSimilar(answer.nearest);
  $("took").textContent = `${count(answer.n_words, "word")}, ${count(answer.n_tokens, "token")}; answered in ${answer.milliseconds} ms.`;
}

let waiting = false;

async function predict() {
  if (waiting) return;
  const text = $("text").value;
  const body = JSON.stringify({ text });
  const size = new Blob([body]).size;
  const limit = Number($("form").dataset.maxBytes);
  if (!text.trim()) return showError("The review is empty. Type some words first.");
  if (size > limit)
    return showError(`The review has ${size.toLocaleString("en")} bytes; the limit is ${limit.toLocaleString("en")}. Shorten it.`);
  showError("");
  waiting = true;
  $("predict").setAttribute("aria-disabled", "true");
  $("predict").textContent = "Predicting …";
  $("answer").setAttribute("aria-busy", "true");
  try {
    const response = await fetch("predict", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = await response.json().catch(() => ({ error: `The server answered ${response.status} ${response.statusText}.` }));
    if (response.ok) show(answer);
    else showError(answer.error);
  } catch {
    showError("The server does not answer. Is `python -m pipeline serve` still running?");
  }
  waiting = false;
  $("predict").removeAttribute("aria-disabled");
  $("predict").textContent = "Predict";
  $("answer").removeAttribute("aria-busy");
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); predict(); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); predict(); }
});
$("example").addEventListener("click", () => { $("text").value = EXAMPLE; predict(); });
$("step").addEventListener("input", () => point(Number($("step").value)));
$("pieces").addEventListener("pointerover", (event) => {
  const element = event.target.closest("[data-step]");
  if (element) point(Number(element.dataset.step));
});
addEventListener("resize", () => {
  if (!steps.length) return;
  moveCursor = drawChart(steps, shown.before);
  point(Number($("step").value));
});
