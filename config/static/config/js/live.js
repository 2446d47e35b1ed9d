// Polls fragments: <div data-live="10" hx-get="…" hx-trigger="poll">. Seconds between asks; none while the tab is
// hidden; slower after failures, and then it says how old the page is. 204 leaves the page as it is.
const digests = new WeakMap();
const failures = new WeakMap();
const SEEN = "X-Watchbook-Seen";
const DIGEST = "X-Watchbook-Digest";
const LONGEST = 120;

const due = new WeakMap();
const seconds = (node) => Math.min(LONGEST, Number(node.dataset.live) * 2 ** (failures.get(node) || 0));
const schedule = (node) => due.set(node, Date.now() + seconds(node) * 1000);
const stale = (node, text) => {
  let line = node.querySelector(":scope > .stale");
  if (!text) return line && line.remove();
  if (!line) {
    line = document.createElement("p");
    line.className = "note is-unknown stale";
    line.setAttribute("role", "status");
    node.prepend(line);
  }
  line.textContent = text;
};
const parts = (node) => (node.dataset.liveParts ? [...document.querySelectorAll(node.dataset.liveParts)] : [node]);
// Nothing is swapped away under a selection, or under a focus that could not be given back (htmx finds it by id).
const busy = (node) => {
  const active = document.activeElement;
  const selection = document.getSelection();
  return parts(node).some(
    (part) =>
      (part.contains(active) && !active.id && active.matches(":focus-visible")) ||
      (selection.type === "Range" && part.contains(selection.anchorNode)),
  );
};

document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (target.dataset.live) detail.headers[SEEN] = digests.get(target) || "none";
});
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!target.dataset || !target.dataset.live) return;
  const { xhr } = detail;
  if (xhr.status === 200 || xhr.status === 204) {
    failures.delete(target);
    stale(target, "");
    digests.set(target, xhr.getResponseHeader(DIGEST));
  } else if (xhr.status === 286) {
    delete target.dataset.live;
  } else {
    const first = !failures.get(target);
    failures.set(target, Math.min(6, (failures.get(target) || 0) + 1));
    if (first) target.dataset.since = new Date().toTimeString().slice(0, 5);
    stale(target, `Not up to date: Watchbook has not answered since ${target.dataset.since}. Trying again.`);
  }
  schedule(target);
});

const look = () => {
  if (document.hidden) return;
  for (const node of document.querySelectorAll("[data-live]")) {
    if (!due.has(node)) schedule(node);
    else if (due.get(node) <= Date.now() && !busy(node)) {
      schedule(node);
      window.htmx.trigger(node, "poll");
    }
  }
};
setInterval(look, 500);
document.addEventListener("visibilitychange", look);
