// The page on which one asks the models: sends the review, draws the answer. No library, nothing from elsewhere.
"use strict";

const EXAMPLE =
  "I went in with low expectations, and for the first half hour the film met them: the jokes are stale, the score is loud " +
  "and the plot takes ages to get going. Then something happens. The two leads stop shouting and start listening to each " +
  "other, the camera finds a little patience, and what looked like a lazy comedy turns into a touching story about growing " +
  "old. It is far from perfect, and the ending is predictable, but I laughed, I cried a little, and I would happily see it again.";
const DESCRIPTIONS = {
  bag_of_vectors: "mean of the word vectors",
  tfidf: "words and pairs, by rarity",
  nbsvm: "words and pairs, naive Bayes",
  lstm_random: "LSTM, vectors from scratch",
  lstm_frozen: "LSTM on word2vec as it is",
  lstm_finetuned: "LSTM on word2vec, fine-tuned",
};
const TICKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];
const FULL_SHADE = [0.3, 1.5]; // between which the move of the logit lies that is shaded most
const LEFT = 48;
const HEIGHT = 190;

const $ = (id) => document.getElementById(id);
const logit = (p) => Math.log(p / (1 - p));
const READER = $("form").dataset.reader;
const probability = (z) => 1 / (1 + Math.exp(-z));
const side = (p) => (p >= 0.5 ? "positive" : "negative");
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

function percent(p) {
  const far = Math.min(p, 1 - p);
  if (far < 0.00005) return p < 0.5 ? "< 0.01 %" : "> 99.99 %";
  return `${(100 * p).toFixed(far < 0.001 ? 2 : far < 0.01 ? 1 : 0)} %`;
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
      const fill = make("div", { class: side(p) });
      fill.style.setProperty("--far", Math.abs(2 * p - 1).toFixed(4));
      return make("tr", name === READER ? { class: "reader" } : {},
        make("td", { class: "model" }, make("code", {}, name), make("span", { class: "quiet" }, DESCRIPTIONS[name] || "")),
        make("td", {}, make("div", { class: "bar", "aria-hidden": "true" }, fill)),
        make("td", { class: "n" }, percent(p)));
    }),
  );
}

function showVerdict(answer) {
  const p = answer.models[READER];
  $("verdict").textContent = p >= 0.5 ? "Positive" : "Negative";
  $("verdict").className = `verdict ${side(p)}`;
  const others = Object.entries(answer.models).filter(([name]) => name !== READER);
  const same = others.filter(([, other]) => side(other) === side(p)).length;
  const rest = same === others.length ? "The five others agree." : same ? `${same} of the five others agree.` : "None of the others agrees.";
  $("agreement").textContent = `The fine-tuned LSTM gives it a probability of ${percent(p)} of being positive. ${rest}`;
  const notes = [];
  if (!answer.n_known) notes.push("None of its words is in the vocabulary: this is what the models say of an empty review.");
  else if (answer.n_known < 20) notes.push("It is short: the models learned from reviews of some 230 words.");
  if (answer.n_control) notes.push(`${count(answer.n_control, "control character")} in it became spaces.`);
  if (answer.n_read < answer.n_known)
    notes.push(`Of its ${count(answer.n_known, "known word")} the LSTMs read the first and the last, ${answer.n_read.toLocaleString("en")} in all.`);
  if (answer.stride > 1) notes.push(`The curve is computed at every ${answer.stride === 2 ? "second" : answer.stride === 3 ? "third" : `${answer.stride}th`} word and drawn straight between.`);
  $("notes").textContent = notes.join(" ");
}

// The words that the LSTM reads, each with its logit before and after, and its element in the text.
function showPieces(pieces, before) {
  const words = [];
  const elements = pieces.map((piece) => {
    if (piece.left_out) return make("span", { class: "left-out" }, piece.text);
    if (piece.logit === undefined) return document.createTextNode(piece.text);
    const element = make("span", { class: "word" }, piece.text);
    const from = words.length ? words[words.length - 1].to : before;
    element.dataset.word = words.length;
    words.push({ text: piece.text, from, to: piece.logit, element });
    return element;
  });
  const moves = words.map((word) => Math.abs(word.to - word.from)).sort((a, b) => a - b);
  const large = moves[Math.floor(0.98 * moves.length)] || 0; // all are smaller where a move is drawn over several words
  const full = Math.min(FULL_SHADE[1], Math.max(FULL_SHADE[0], large));
  for (const { from, to, element } of words) {
    element.classList.add(to >= from ? "positive" : "negative");
    element.classList.toggle("much", Math.abs(to - from) > full / 3);
    element.style.setProperty("--by", (0.62 * Math.min(1, Math.abs(to - from) / full)).toFixed(3));
  }
  $("pieces").replaceChildren(...elements);
  $("legend-unknown").hidden = !pieces.some((piece) => piece.left_out);
  return words;
}

// The curve over the words, on the scale of the logit, which shows 90 and 99 % as apart as they are to the model.
function drawChart(words, before) {
  const width = Math.max(240, $("plot").clientWidth);
  const left = width < 500 ? 42 : LEFT;
  const values = [before, ...words.map((word) => word.to)];
  const reach = Math.max(logit(0.95), ...values.map(Math.abs)) * 1.08;
  const x = (i) => left + ((width - left - 8) * i) / Math.max(1, words.length);
  const y = (z) => 8 + ((HEIGHT - 16) * (reach - z)) / (2 * reach);
  const points = values.map((z, i) => `${x(i).toFixed(1)},${y(z).toFixed(1)}`);
  const area = `M${x(0)},${y(0)}L${points.join("L")}L${x(words.length)},${y(0)}Z`;
  const ticks = TICKS.filter((p) => Math.abs(logit(p)) < reach);
  const cursor = make("g", { class: "cursor" }, make("line", { y1: 0, y2: HEIGHT }), make("circle", { r: 5 }));
  const svg = make("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", preserveAspectRatio: "none",
      "aria-label": `The probability over ${words.length} words, from ${percent(probability(before))} to ${percent(probability(values[values.length - 1]))}` },
    make("clipPath", { id: "upper" }, make("rect", { x: 0, y: 0, width, height: y(0) })),
    make("clipPath", { id: "lower" }, make("rect", { x: 0, y: y(0), width, height: HEIGHT - y(0) })),
    ...ticks.map((p) => make("line", { class: p === 0.5 ? "even" : "grid", x1: left, x2: width - 8, y1: y(logit(p)), y2: y(logit(p)) })),
    ...ticks.map((p) => make("text", { x: left - 8, y: y(logit(p)) + 4, "text-anchor": "end" }, `${+(100 * p).toFixed(1)} %`)),
    make("path", { class: "above", d: area, "clip-path": "url(#upper)" }),
    make("path", { class: "below", d: area, "clip-path": "url(#lower)" }),
    make("path", { class: "curve", d: `M${points.join("L")}` }),
    cursor);
  svg.addEventListener("pointermove", (event) => {
    const at = (event.clientX - svg.getBoundingClientRect().left - x(0)) / (x(1) - x(0));
    point(Math.round(at));
  });
  $("plot").replaceChildren(svg);
  return (i) => {
    cursor.firstChild.setAttribute("x1", x(i));
    cursor.firstChild.setAttribute("x2", x(i));
    cursor.lastChild.setAttribute("cx", x(i));
    cursor.lastChild.setAttribute("cy", y(words[i - 1].to));
  };
}

let words = []; // of the review that is shown
let moveCursor = () => {};
let redraw = () => {};

// Show word i, from 1 on: in the chart, the text, the slider and the line between.
function point(i) {
  if (!words.length) return;
  i = Math.min(Math.max(1, i), words.length);
  for (const word of words) word.element.classList.remove("at");
  const word = words[i - 1];
  word.element.classList.add("at");
  moveCursor(i);
  const said = `from ${percent(probability(word.from))} to ${percent(probability(word.to))}`;
  $("readout").replaceChildren(make("strong", {}, word.text), ` ${said} positive, word ${i} of ${words.length}`);
  $("word").value = i;
  $("word").setAttribute("aria-valuetext", `${word.text}, word ${i}, ${said}`);
}

function showReading(answer) {
  words = showPieces(answer.pieces, answer.before);
  $("reading").hidden = !words.length;
  if (!words.length) return;
  $("word").max = words.length;
  redraw = () => { moveCursor = drawChart(words, answer.before); };
  redraw();
  const moved = words.map((word) => Math.abs(word.to - word.from));
  point(moved.indexOf(Math.max(...moved)) + 1); // the word that moved it most
}

function showNearest(nearest) {
  if (!nearest || !$("nearest")) return;
  $("nearest-lead").hidden = !nearest.length;
  $("nearest").replaceChildren(
    ...(nearest.length ? nearest : []).map((review) => {
      const label = review.label ? "positive" : "negative";
      const stars = review.rating > 0 ? `, ${review.rating} of 10 stars` : "";
      return make("article", { class: label },
        make("p", {}, make("strong", { class: label }, label), make("span", { class: "quiet" }, `${stars}; cosine ${review.cosine.toFixed(3)}`)),
        make("p", {}, review.text));
    }),
  );
  if (!nearest.length) $("nearest").textContent = "None: a review without known words is near nothing.";
}

function show(answer) {
  $("answer").hidden = false; // before drawing, which asks how wide it is
  showVerdict(answer);
  showModels(answer.models);
  showReading(answer);
  showNearest(answer.nearest);
  $("took").textContent = `${count(answer.n_words, "word or mark")}`.replace("word or marks", "words and marks") + `, answered in ${answer.milliseconds} ms.`;
}

let asking = false;

async function ask() {
  if (asking) return;
  const text = $("text").value;
  const body = JSON.stringify({ text });
  const size = new Blob([body]).size;
  const most = Number($("form").dataset.maxBytes);
  if (!text.trim()) return showError("There is nothing to read yet. Type a review, in English, of a film.");
  if (size > most)
    return showError(`That is ${size.toLocaleString("en")} bytes; a review may have up to ${most.toLocaleString("en")}. Shorten it.`);
  showError("");
  asking = true;
  $("ask").setAttribute("aria-disabled", "true");
  $("ask").textContent = "Reading …";
  $("answer").setAttribute("aria-busy", "true");
  try {
    const response = await fetch("opinion", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = await response.json().catch(() => ({ error: `The server answered ${response.status} ${response.statusText}.` }));
    if (response.ok) show(answer);
    else showError(answer.error);
  } catch {
    showError("The server does not answer. Is `python -m pipeline serve` still running?");
  }
  asking = false;
  $("ask").removeAttribute("aria-disabled");
  $("ask").textContent = "Ask";
  $("answer").removeAttribute("aria-busy");
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); ask(); }
});
$("example").addEventListener("click", () => { $("text").value = EXAMPLE; ask(); });
$("word").addEventListener("input", () => point(Number($("word").value)));
$("pieces").addEventListener("pointerover", (event) => {
  if (event.target.dataset.word !== undefined) point(Number(event.target.dataset.word) + 1);
});
addEventListener("resize", () => {
  if (!words.length) return;
  redraw();
  point(Number($("word").value));
});
