"use strict";
// Draws what the server has computed, and carries the token with every change.
(() => {
  const narrow = matchMedia("(max-width: 760px)"), dark = matchMedia("(prefers-color-scheme: dark)");
  const token = document.querySelector('meta[name="alvh-token"]').content;

  document.addEventListener("htmx:configRequest", event => {
    if (event.detail.verb !== "get") event.detail.headers["X-Alvh-Token"] = token;
    const given = event.detail.parameters;  // an empty field is one that was left alone
    for (const name of Object.keys(given)) if (given[name] === "") delete given[name];
    if (event.detail.elt.matches("[data-query]")) {  // a change says what it asks in its address
      event.detail.path += `?${new URLSearchParams(given)}`;
      for (const name of Object.keys(given)) delete given[name];
    }
  });

  function layout(own) {
    const css = getComputedStyle(document.documentElement);
    const color = name => css.getPropertyValue(name).trim();
    const small = narrow.matches;
    const axis = {gridcolor: color("--line"), zerolinecolor: color("--soft"), linecolor: color("--line"),
                  zeroline: false, automargin: true};
    const out = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      font: {color: color("--ink"), size: small ? 11 : 12, family: "system-ui, sans-serif"},
      margin: {l: small ? 44 : 58, r: 10, t: 10, b: 34},
      legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"},
      hoverlabel: {bgcolor: color("--panel"), bordercolor: color("--line"), font: {color: color("--ink")}},
      dragmode: small ? false : "zoom",
      ...own,
    };
    for (const name of Object.keys(out).filter(key => /^[xy]axis\d*$/.test(key)).concat("xaxis", "yaxis"))
      out[name] = {...axis, ...(out[name] || {})};
    return out;
  }

  const config = {responsive: true, displayModeBar: false, displaylogo: false};

  // A day stays on one line.
  const iso = /\d{4}-\d\d-\d\d/;
  function keepDays(root) {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode())
      if (iso.test(texts.currentNode.data) && !texts.currentNode.parentElement.closest(".day, pre, script, option"))
        found.push(texts.currentNode);
    for (const text of found)
      text.replaceWith(...text.data.split(/(\d{4}-\d\d-\d\d)/).map(part => {
        if (!iso.test(part)) return part;
        const day = document.createElement("span");
        day.className = "day";
        day.textContent = part;
        return day;
      }));
  }

  // A table that is wider than its place says so.
  function hint() {
    for (const box of document.querySelectorAll(".scroll"))
      box.classList.toggle("more", box.scrollWidth > box.clientWidth + 1);
  }

  function tidy() { keepDays(document.getElementById("main")); hint(); }
  addEventListener("resize", hint);
  document.addEventListener("toggle", hint, true);

  // What is in sight is drawn at once, the rest as soon as there is time.
  let waiting = [];

  function draw() {
    const source = document.getElementById("drawn");
    // an answer without figures is a refusal: those on the page are of before it
    document.body.classList.toggle("refusing", !source);
    if (!source || !window.Plotly) return;
    const drawn = JSON.parse(source.textContent);
    waiting = [];
    for (const panel of document.querySelectorAll("[data-panel]")) {
      const one = drawn[panel.dataset.panel];
      panel.hidden = !one;
      if (!one) continue;
      const {top, bottom} = panel.getBoundingClientRect();
      if (top < innerHeight && bottom > 0) drawPanel(panel, one);
      else waiting.push([panel, one]);
    }
    document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn || 0) + 1);
    performance.mark("drawn");
    setTimeout(drawWaiting, 20);
  }

  function drawWaiting() {
    const next = waiting.shift();
    if (!next) { document.documentElement.dataset.complete = document.documentElement.dataset.drawn; return; }
    drawPanel(...next);
    setTimeout(drawWaiting, 0);
  }

  function drawPanel(panel, one) {
    const words = panel.querySelector(".nothing"), empty = Boolean(one.nothing);
    words.textContent = one.nothing;
    words.hidden = !empty;
    for (const part of panel.querySelectorAll(".plot, .frames, figcaption")) part.hidden = empty;
    if (empty) return;
    const figure = choose(panel, one);
    if (figure.layout.height) panel.querySelector(".plot").style.height = `${figure.layout.height}px`;
    Plotly.react(panel.querySelector(".plot"), figure.data, layout(figure.layout), config);
    const caption = panel.querySelector("figcaption");
    caption.querySelector("span").textContent = one.caption;
    caption.querySelector("a").href = one.csv;
    keepDays(caption);
  }

  // A figure with frames shows one of them, by its slider.
  function choose(panel, one) {
    const slider = panel.querySelector("[data-frames]");
    if (!one.frames || !slider) return one;
    const at = Math.min(Number(slider.value), one.frames.length - 1);
    slider.max = String(one.frames.length - 1);
    slider.setAttribute("aria-valuetext", one.frames[at].name);
    panel.querySelector("output").textContent = one.frames[at].name;
    return {data: one.frames[at].data, layout: one.layout};
  }

  document.addEventListener("input", event => { if (event.target.matches("[data-frames]")) draw(); });
  document.addEventListener("input", event => {
    const shown = event.target.matches("[data-shown]") && document.getElementById(event.target.dataset.shown);
    if (shown) shown.textContent = event.target.value;
  });

  // A search field leaves the rows that hold its words.
  document.addEventListener("input", event => {
    if (!event.target.matches("[data-filter]")) return;
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of document.getElementById(event.target.dataset.filter).rows)
      row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word));
  });

  // The settings go along from screen to screen; whose book, to those that show one. A split that
  // is being tried is no rule to trade by, so it does not go to Today.
  const split = ["short", "medium", "tail"], bookish = ["/book", "/layers", "/stress"];
  function carry() {
    const query = new URLSearchParams(location.search);
    for (const link of document.querySelectorAll("nav a")) {
      const kept = new URLSearchParams();
      for (const name of ["condors", "hedge", "start", "end", "equity", "fill", "short", "medium", "tail"])
        if (query.get(name) && !(split.includes(name) && link.pathname === "/today")) kept.set(name, query.get(name));
      if (query.get("book") && bookish.includes(link.pathname)) kept.set("book", query.get("book"));
      link.href = link.pathname + (kept.size ? `?${kept}` : "");
    }
  }

  // Where no answer comes, what is on the page is of before, and says so.
  function lost(gone) {
    document.getElementById("lost").hidden = !gone;
    document.body.classList.toggle("lost", gone);
  }
  document.addEventListener("htmx:sendError", () => lost(true));
  document.addEventListener("htmx:afterRequest", event => { if (event.detail.successful) lost(false); });

  // One answer may settle in several places; it is drawn once.
  let due = false;
  document.addEventListener("htmx:afterSettle", () => {
    if (due) return;
    due = true;
    setTimeout(() => { due = false; draw(); carry(); own(); tidy(); }, 0);
  });
  document.addEventListener("click", event => {
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent)
      .then(() => { copy.textContent = "Copied"; });
  });
  // Where the ledger's rules decide there is nothing to choose; its own are shown.
  function govern() {
    const rules = document.querySelector("[data-governs]");
    if (!rules) return;
    const governed = rules.value === "ledger";
    for (const name of ["condors", "hedge"]) {
      const box = rules.form.elements[name];
      if (governed && !box.disabled) box.dataset.chosen = box.value;
      box.disabled = governed;
      box.value = (governed ? box.dataset.force : box.dataset.chosen) || box.value;
    }
  }
  document.addEventListener("change", event => { if (event.target.matches("[data-governs]")) govern(); }, true);
  govern();

  // A book of one's own has its own days and money: there is nothing to choose of them.
  function own() {
    const shown = document.querySelector("[data-whose]"), form = document.getElementById("settings");
    if (!shown || !form) return;
    for (const name of ["start", "equity"]) form.elements[name].readOnly = shown.dataset.whose === "own";
  }

  // How long is left until a moment, by the minute.
  function count() {
    for (const place of document.querySelectorAll("[data-until]")) {
      const minutes = Math.floor((new Date(place.dataset.until) - Date.now()) / 60000);
      place.textContent = minutes < 0 ? "which has passed: this session is over"
        : `in ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    }
  }
  setInterval(count, 20000);
  document.addEventListener("htmx:afterSettle", count);
  count();

  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
  draw();
  carry();
  tidy();
})();
