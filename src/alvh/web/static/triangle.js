"use strict";
// The split of the hedge as a point in a triangle, dragged or moved by the arrow keys.
(() => {
  const svg = document.getElementById("triangle"), form = document.getElementById("settings");
  const text = document.getElementById("split-text");
  const height = 100 * Math.sqrt(3) / 2;
  const names = ["short", "medium", "tail"];
  let split = [40, 40, 20], dragged = false, known = true;

  const make = (tag, attributes, parent = svg) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    parent.append(node);
    return node;
  };
  const place = ([, medium, tail]) => [medium + tail / 2, height * (1 - tail / 100)];

  for (let step = 10; step < 100; step += 10) {
    const lines = [[[100 - step, 0, step], [0, 100 - step, step]], [[step, 100 - step, 0], [step, 0, 100 - step]],
                   [[100 - step, step, 0], [0, step, 100 - step]]];
    for (const [from, to] of lines) {
      const [x1, y1] = place(from), [x2, y2] = place(to);
      make("line", {x1, y1, x2, y2, class: "grid"});
    }
  }
  make("path", {d: `M0 ${height}H100L50 0Z`, class: "side"});
  const dots = make("g", {id: "dots"});
  for (const [name, x, y] of [["all short", 4, height + 10], ["all medium", 94, height + 10], ["all tail", 50, -4]])
    make("text", {x, y}).textContent = name;
  const handle = make("circle", {r: 4.2, class: "handle", tabindex: 0, role: "slider", "aria-label": "Split of the hedge",
                                 "aria-valuemin": 0, "aria-valuemax": 100});

  function show() {
    const [cx, cy] = place(split), words = names.map((name, k) => `${split[k]} % ${name}`).join(", ");
    handle.setAttribute("cx", cx);
    handle.setAttribute("cy", cy);
    handle.setAttribute("aria-valuenow", split[2]);
    handle.setAttribute("aria-valuetext", words);
    svg.style.opacity = known ? 1 : .4;
    for (const id of ["split-help", "own-split"]) document.getElementById(id).hidden = !known;
    text.textContent = known ? words : "This hedge has no three layers to split.";
  }

  function choose(wanted) {
    const tail = Math.min(100, Math.max(0, Math.round(wanted[2])));
    const medium = Math.min(100 - tail, Math.max(0, Math.round(wanted[1])));
    const next = [100 - tail - medium, medium, tail];
    if (!known || next.every((share, k) => share === split[k])) return;
    split = next;
    names.forEach((name, k) => { form.elements[name].value = split[k]; });
    show();
    htmx.trigger(form, "redraw");
  }

  function under(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const tail = 100 * (1 - at.y / height);
    return [0, at.x - tail / 2, tail];
  }

  svg.addEventListener("pointerdown", event => {
    dragged = true;
    svg.setPointerCapture(event.pointerId);
    handle.focus({preventScroll: true});
    choose(under(event));
    event.preventDefault();
  });
  svg.addEventListener("pointermove", event => { if (dragged) choose(under(event)); });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { dragged = false; });

  handle.addEventListener("keydown", event => {
    const by = event.shiftKey ? 1 : 5, [short, medium, tail] = split;
    const moved = {
      ArrowLeft: () => [0, medium - by, tail],
      ArrowRight: () => [0, Math.min(medium + by, 100 - tail), tail],
      ArrowUp: () => [0, short >= medium ? medium : medium - by, tail + by],
      ArrowDown: () => [0, short > medium ? medium + by : medium, tail - by],
    }[event.key];
    if (!moved) return;
    event.preventDefault();
    choose(moved());
  });

  // Another hedge brings its own split, or none.
  form.addEventListener("change", event => {
    if (event.target.name === "hedge") for (const name of names) form.elements[name].value = "";
  }, true);
  document.getElementById("own-split").addEventListener("click", () => {
    for (const name of names) form.elements[name].value = "";
    htmx.trigger(form, "redraw");
  });

  function read() {
    const source = document.getElementById("split");
    if (!source) return;
    const found = JSON.parse(source.textContent), chosen = names.map(name => form.elements[name].value);
    known = found !== null;
    // a point that is being moved is ahead of the answer
    if (known) split = chosen.includes("") ? found : chosen.map(Number);
    show();
  }
  // Every split as a dot, dark where it is worst and light where it is best, as in the reports.
  const stops = [[0, 32, 76], [65, 77, 107], [124, 123, 120], [188, 175, 111], [255, 233, 69]];
  const scales = {growth: 100, risk_removed: 100, per_carry: 1};

  function shade(share) {
    const at = Math.min(share * 4, 3.999), low = Math.floor(at);
    const mixed = stops[low].map((one, k) => Math.round(one + (at - low) * (stops[low + 1][k] - one)));
    return `rgb(${mixed.join(",")})`;
  }

  function colour() {
    const source = document.getElementById("every-split"), criterion = document.getElementById("criterion");
    dots.replaceChildren();
    if (!source || !criterion) return;
    const rows = JSON.parse(source.textContent).filter(row => row[criterion.value] !== null);
    const values = rows.map(row => row[criterion.value] * scales[criterion.value]);
    const low = Math.min(...values), high = Math.max(...values);
    rows.forEach((row, k) => {
      const shares = names.map(name => Math.round(100 * row[name])), [cx, cy] = place(shares);
      const dot = make("circle", {cx, cy, r: 3.6, fill: shade(high > low ? (values[k] - low) / (high - low) : 0.5)}, dots);
      make("title", {}, dot).textContent = `${shares.join("/")}: ${values[k].toFixed(2)}`;
    });
    document.getElementById("colour-legend").textContent =
      `Dark ${low.toFixed(2)} to light ${high.toFixed(2)}, ${criterion.selectedOptions[0].textContent};`;
  }

  let criterion = "growth";
  document.addEventListener("change", event => {
    if (event.target.id !== "criterion") return;
    criterion = event.target.value;
    colour();
  });
  function refresh() {
    const select = document.getElementById("criterion");
    if (select) select.value = criterion;
    colour();
  }

  document.addEventListener("htmx:afterSettle", () => { read(); refresh(); });
  document.addEventListener("htmx:oobAfterSwap", refresh);  // may come after the answer has settled
  read();
  refresh();
})();
