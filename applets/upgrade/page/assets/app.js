// The page "Network plugins". The server decides what there is to see: it sends
// the part of the table that was asked for, and then what changes in it.
import { texts } from "./text.js";

const $ = (id) => document.getElementById(id);
const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* private window */ } },
};

const states = ["current", "outdated", "waiting", "upgrading", "checking", "returning", "failed", "lost", "unreadable", "unreachable", "unknown"];
let language = store.get("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
let csrf = null;          // known while logged in
let head = null;          // what stands above the table
let view = null;          // the part of the table that is shown
let releases = null;
const asked = { search: "", state: "", order: "list", descending: "", page: 0, size: 50 };
const chosen = new Set(); // nodes
let source = null;        // of events
let pending = null;       // the order in the dialog
const ordered = new Map(); // node → what it does now, until the server tells of it
let begun = null;         // an order was taken after this run, and its panel gets the focus

// --- words
const t = (key, ...args) => (texts[language][key] ?? key).replace(/\{(\d)\}/g, (_, i) => args[i]);
const timeOf = (seconds) => {
  if (!seconds) return "";
  const d = new Date(seconds * 1000), two = (n) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
};
const textOf = (row) => row.text || (texts[language]["outcome." + row.outcome] ?? "");
const stateOf = (row) => ordered.get(row.node) ?? row.state;
const versionOf = (row) => stateOf(row) === "upgrading" || stateOf(row) === "returning" ? t("state." + stateOf(row)) : row.version || "-";

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  $("news").textContent = "";
  for (const e of document.querySelectorAll("[data-text]")) e.textContent = t(e.dataset.text);
  for (const e of document.querySelectorAll("[data-placeholder]")) e.placeholder = t(e.dataset.placeholder);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
  $("language").value = language;
  drawAll();
}

// --- talking to the server
async function get(path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  if (!answer.ok) throw new Error((await answer.json()).message);
  return answer.json();
}
async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (csrf) headers["X-Csrf-Token"] = csrf;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
  const json = await answer.json().catch(() => ({}));
  if (answer.status === 401 && path !== "/api/login") enter(null);
  if (!answer.ok) throw new Error(json.message || answer.statusText);
  return json;
}
const questionOf = () => new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== "")).toString();

function follow() {
  source?.close();
  source = new EventSource("/api/events?" + questionOf());
  source.addEventListener("head", (event) => { head = JSON.parse(event.data); drawHead(); });
  source.addEventListener("view", (event) => takeView(JSON.parse(event.data)));
  source.onopen = () => {
    $("link").textContent = "";
    // A page that was started anew knows nobody.
    if ($("link").classList.replace("lost", "link")) knock();
  };
  source.onerror = () => {
    $("link").textContent = t("lost");
    $("link").classList.add("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
}

function takeView(news) {
  if (news.rows) {
    ordered.clear();
    if (!view && news.rows.length) requestAnimationFrame(() => performance.mark("rows"));
    view = news;
    asked.page = news.page;
    drawRows();
  } else {
    view.counts = news.counts;
    view.total = news.total;
    for (const { at, row } of news.changed) {
      tell(view.rows[at], row);
      if (row.state !== "waiting") ordered.delete(row.node);
      view.rows[at] = row;
      drawRow($("rows").children[at], row);
    }
  }
  drawFrame();
}

// What somebody who doesn't see the table should hear, too.
const ends = ["current", "outdated", "failed", "lost", "unreachable"];
const busy = ["upgrading", "checking", "returning"];
function tell(before, now) {
  if (busy.includes(stateOf(before)) && ends.includes(now.state)) {
    say(t("done", now.node, now.state === "failed" || now.state === "lost" ? t("state." + now.state) + ": " + textOf(now) : textOf(now) || t("state." + now.state)));
  }
}
// Who we are to the server.
const knock = () => get("/api/session").then((session) => enter(session.csrf || null)).catch(fail);

let quiet = 0;
function say(text, alarm = false) {
  const place = $(alarm ? "alert" : "news");
  place.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => { $("news").textContent = $("alert").textContent = ""; }, 6000);
}
const fail = (error) => say(error.message, true);

// --- drawing
function make(tag, text, more = {}) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(more)) element.setAttribute(name, value);
  return element;
}

function drawAll() {
  drawHead();
  drawRows();
  drawFrame();
  drawReleases();
  $("who").textContent = t(csrf ? "mayChange" : "readOnly");
  $("log-in").hidden = !!csrf;
  $("log-out").hidden = !csrf;
}

function drawHead() {
  if (!head) return;
  const off = head.service === "off", asking = head.service === "asking";
  $("service").setAttribute("aria-checked", String(!off));
  $("service").disabled = !csrf;
  $("service-state").textContent = t("service." + head.service, head.asked, head.nodes);
  $("service-help").hidden = head.service === "on";
  $("asked").hidden = !asking;
  $("asked").max = head.nodes;
  $("asked").value = head.asked;
  $("asked").setAttribute("aria-label", t("service.asking", head.asked, head.nodes));
  $("again").hidden = head.service !== "on";
  $("again").disabled = !csrf || !!(head.run && head.run.who === "here");
  $("nodes").hidden = off;
  const versions = (list) => off ? t("notAsked") : list.map(([version, count]) => t("someNodes", version, count)).join(", ") || "-";
  $("plugin-current").textContent = versions(head.versions);
  $("ipamd-current").textContent = versions(head.ipamd);
  drawRun();
}

function drawRun() {
  const run = head.run, box = $("run");
  box.hidden = !run;
  if (!run) return;
  const over = ["done", "stopped", "returned"].includes(run.phase);
  const here = run.who === "here", away = run.who === "elsewhere";
  let state = t("phase." + (over && run.failed ? "failed." : "") + run.phase);
  if (run.pausing) state = t("pausing");
  else if (!over && run.paused) state = t("paused");
  else if (!over && away) state = t("elsewhere");
  else if (!over && !here) state = t("left");
  $("run-title").textContent = t("run." + run.kind) + ": " + state;
  $("run-progress").max = run.total;
  $("run-progress").value = run.ended;
  $("run-progress").setAttribute("aria-labelledby", "run-title");
  $("run-count").textContent = t("count", run.ended, run.total) + (run.failed ? ", " + t("failedCount", run.failed) : "");
  $("run-more").textContent = t("more", timeOf(run.started), run.canaries, run.batchSize) + (run.force ? " " + t("forced") : "");
  $("run-more").hidden = run.kind === "return";
  $("run-reason").hidden = !run.reason;
  $("run-reason").textContent = t("reason", run.reason);
  const can = {
    pause: here && !over && !run.pausing,
    resume: !here && !away && !over,
    abort: !away && run.phase === "running",
    return: !away && run.phase !== "returning" && run.returns > 0,
  };
  for (const button of box.querySelectorAll("[data-do]")) {
    button.hidden = !csrf || !can[button.dataset.do];
  }
  if (begun && (here || run.started !== begun.started)) { begun = null; box.focus(); }
}

function newRow() {
  const tr = make("tr");
  const tick = make("td", undefined, { class: "tick" });
  tick.append(make("input", undefined, { type: "checkbox" }));
  tr.append(tick);
  for (let i = 0; i < 7; i++) tr.append(make("td"));
  tr.cells[5].append(make("span"));
  tr.cells[7].className = "log";
  const actions = make("td", undefined, { class: "do" });
  for (const what of ["upgrade", "force", "return"]) actions.append(make("button", undefined, { type: "button", "data-one": what }));
  tr.append(actions);
  return tr;
}

const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };

function drawRow(tr, row) {
  const [tick, node, address, version, ipamd, state, changed, log, actions] = tr.cells;
  tr.dataset.node = row.node;
  tick.firstChild.checked = chosen.has(row.node);
  tick.firstChild.setAttribute("aria-label", t("choose", row.node));
  set(node, row.node);
  set(address, row.address || "-");
  set(version, versionOf(row));
  if (row.sha256 && versionOf(row) === row.version) version.append(" ", make("small", row.sha256));
  version.title = row.version;
  set(ipamd, row.ipamd || "-");
  state.firstChild.className = "dot " + stateOf(row);
  set(state.firstChild, t("state." + stateOf(row)));
  set(changed, timeOf(row.changed));
  set(log, textOf(row));
  log.title = textOf(row);
  for (const button of actions.children) {
    const what = button.dataset.one;
    set(button, t(what));
    button.setAttribute("aria-label", t(what + ".of", row.node, row.previous));
    button.disabled = !csrf || !row.can.includes(what);
  }
}

function drawRows() {
  if (!view) return;
  const body = $("rows");
  const old = new Map(Array.from(body.children, (tr) => [tr.dataset.node, tr]));
  const focus = document.activeElement;
  body.replaceChildren(...view.rows.map((row) => {
    const tr = old.get(row.node) || newRow();
    drawRow(tr, row);
    return tr;
  }));
  if (focus && body.contains(focus)) focus.focus();
}

function drawFrame() {
  if (!view) return;
  const sum = Object.values(view.counts).reduce((a, b) => a + b, 0);
  const select = $("state");
  const options = [["", t("all", sum)], ...states.filter((s) => view.counts[s] || s === asked.state).map((s) => [s, t("stateCount", t("state." + s), view.counts[s] || 0)])];
  if (select.dataset.now !== JSON.stringify(options)) {
    select.dataset.now = JSON.stringify(options);
    select.replaceChildren(...options.map(([value, text]) => make("option", text, { value })));
  }
  select.value = asked.state;
  $("found").textContent = t("found", view.total);
  $("none").hidden = view.rows.length > 0;
  const pages = Math.max(1, Math.ceil(view.total / asked.size));
  $("page").textContent = t("page", asked.page + 1, pages);
  $("before").disabled = asked.page === 0;
  $("after").disabled = asked.page + 1 >= pages;
  for (const th of document.querySelectorAll("[data-order]")) {
    th.setAttribute("aria-sort", th.dataset.order !== asked.order ? "none" : asked.descending ? "descending" : "ascending");
  }
  drawChosen();
}

function drawChosen() {
  $("chosen").textContent = t("chosen", chosen.size);
  $("choose-all").textContent = t("chooseAll", view ? view.total : 0);
  $("choose-none").hidden = chosen.size === 0;
  const here = view ? view.rows.filter((row) => chosen.has(row.node)).length : 0;
  $("choose-page").checked = here > 0 && here === view.rows.length;
  $("choose-page").indeterminate = here > 0 && here < view.rows.length;
  for (const e of document.querySelectorAll("[data-change]")) e.disabled = !csrf;
  for (const e of document.querySelectorAll("[data-many]")) e.disabled = !csrf || chosen.size === 0;
}

function drawReleases() {
  if (!releases) return;
  const { offer } = releases;
  const latest = make("small", offer.sha256.slice(0, 8));
  $("plugin-latest").replaceChildren(offer.version + " ", latest);
  $("ipamd-latest").textContent = offer.version;
  $("plugin-date").textContent = $("ipamd-date").textContent = offer.date ? `${offer.date} (${offer.type})` : "-";
  $("plugin-notes").replaceChildren(...(offer.notes || []).map((note) => make("li", note)));
  $("plugin-newer").hidden = !releases.newer;
  $("plugin-newer").textContent = t("newer", releases.newer);
  $("no-releases").hidden = releases.releases.length > 0;
  $("releases").replaceChildren(...releases.releases.map((release) => {
    const tr = make("tr");
    const notes = make("td");
    for (const note of release.notes) notes.append(make("div", note));
    tr.append(make("td", release.version), make("td", release.type), make("td", release.date), notes);
    return tr;
  }));
}

// --- what somebody does
function ask(change) {
  Object.assign(asked, { page: 0 }, change);
  follow();
}
const changes = (promise) => promise.catch(fail);

function enter(token) {
  csrf = token;
  drawAll();
}

// Rules are asked for when there is more than one node.
function order(what, nodes, row) {
  const many = nodes.length > 1, back = what === "return";
  pending = { what, nodes };
  $("order-title").textContent = $("order-go").textContent = t("order." + what);
  const offered = releases ? releases.offer.version : "";
  $("order-what").textContent = many
    ? t(back ? "backMany" : "orderMany", nodes.length, offered)
    : t(back ? "back1" : "order1", nodes[0], row?.version || "?", back ? row?.previous || "?" : offered);
  $("order-warn").hidden = what !== "force";
  $("order-warn").textContent = t("warn.force");
  $("order-rules").hidden = !many || back;
  $("order-error").textContent = "";
  $("order").showModal();
  $("order-go").focus();
}

async function begin() {
  const { what, nodes } = pending, back = what === "return";
  const amount = (id) => { const text = $(id).value.trim(); return text.endsWith("%") ? text : Number(text); };
  const body = { kind: back ? "return" : "upgrade", nodes, force: what === "force" };
  if (nodes.length > 1) {
    Object.assign(body, { canary: amount("canary"), batchSize: amount("batch"), soak: $("soak").value + "s",
      maxFailures: amount("failures"), onFailure: $("on-failure").value });
  }
  // A node may be done before the server's news of it come.
  for (const node of nodes) ordered.set(node, nodes.length > 1 ? "waiting" : back ? "returning" : "upgrading");
  drawRows();
  const last = { started: head.run?.started };
  try {
    await post("/api/runs", body);
    $("order").close();
    begun = last;
    chosen.clear();
    say(t("begun"));
    setTimeout(() => { ordered.clear(); drawRows(); }, 3000);
  } catch (error) {
    ordered.clear();
    $("order-error").textContent = error.message;
  }
  drawRows();
  drawChosen();
  drawRun();
}

function orderMany(what) {
  const nodes = [...chosen];
  order(what, nodes, view.rows.find((row) => row.node === nodes[0]));
}

function listen() {
  $("language").onchange = () => { language = $("language").value; store.set("language", language); speak(); };
  $("service").onclick = () => changes(post("/api/service", { on: head.service === "off" }));
  $("again").onclick = () => changes(post("/api/service", { on: true }));
  for (const button of document.querySelectorAll("[data-do]")) button.onclick = () => changes(post("/api/run", { do: button.dataset.do }));
  let wait = 0;
  $("search").oninput = () => { clearTimeout(wait); wait = setTimeout(() => ask({ search: $("search").value.trim() }), 60); };
  $("state").onchange = () => ask({ state: $("state").value });
  $("size").onchange = () => ask({ size: Number($("size").value) });
  $("before").onclick = () => ask({ page: asked.page - 1 });
  $("after").onclick = () => ask({ page: asked.page + 1 });
  for (const th of document.querySelectorAll("[data-order]")) {
    th.firstElementChild.onclick = () => {
      const same = asked.order === th.dataset.order;
      if (same && asked.descending) ask({ order: "list", descending: "" });
      else ask({ order: th.dataset.order, descending: same ? "1" : "" });
    };
  }
  $("rows").onchange = (event) => {
    const { node } = event.target.closest("tr").dataset;
    if (event.target.checked) chosen.add(node); else chosen.delete(node);
    drawChosen();
  };
  $("rows").onclick = (event) => {
    const button = event.target.closest("[data-one]");
    if (!button) return;
    const row = view.rows.find((one) => one.node === button.closest("tr").dataset.node);
    order(button.dataset.one, [row.node], row);
  };
  $("choose-page").onchange = () => {
    for (const row of view.rows) if ($("choose-page").checked) chosen.add(row.node); else chosen.delete(row.node);
    drawRows();
    drawChosen();
  };
  $("choose-all").onclick = () => changes(get("/api/names?" + questionOf()).then((names) => {
    for (const name of names) chosen.add(name);
    drawRows();
    drawChosen();
  }));
  $("choose-none").onclick = () => { chosen.clear(); drawRows(); drawChosen(); $("choose-all").focus(); };
  for (const button of document.querySelectorAll("[data-many]")) button.onclick = () => orderMany(button.dataset.many);
  for (const button of document.querySelectorAll("[data-close]")) button.onclick = () => button.closest("dialog").close();
  $("order").onsubmit = (event) => { event.preventDefault(); begin(); };
  $("log-in").onclick = () => { $("token").value = ""; $("entry-error").textContent = ""; $("entry").showModal(); $("token").focus(); };
  $("entry").onsubmit = async (event) => {
    event.preventDefault();
    try {
      const session = await post("/api/login", { token: $("token").value });
      $("entry").close();
      enter(session.csrf);
      $("log-out").focus();
      say(t("entered"));
    } catch (error) {
      $("entry-error").textContent = t("wrongToken");
      $("token").select();
    }
  };
  $("log-out").onclick = () => changes(post("/api/logout", {}).then(() => { enter(null); $("log-in").focus(); }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input, select") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    $("search").focus();
  });
  // A hidden tab needs no news, and leaves the connection to others.
  document.addEventListener("visibilitychange", () => { if (document.hidden) source.close(); else follow(); });
}

listen();
speak();
follow();
get("/api/releases").then((json) => { releases = json; drawReleases(); }).catch(fail);
knock();
