"use strict";

// Puts changed sections in place as the server tells of them, and shows how long ago times were.

const connection = document.getElementById("connection");
const RETRY = 5000; // ms; a lost connection the browser renews by itself, a refused one not
let source = null;

function connect() {
  if (source || !document.body.dataset.updates) return;
  source = new EventSource(document.body.dataset.updates);
  source.addEventListener("open", () => { connection.textContent = ""; });
  source.addEventListener("section", (event) => { replace(JSON.parse(event.data)); });
  source.addEventListener("error", () => {
    connection.textContent = "Connection lost, trying again";
    if (source && source.readyState === EventSource.CLOSED) {
      disconnect();
      setTimeout(connect, RETRY);
    }
  });
}

function disconnect() {
  if (source) source.close();
  source = null;
}

function replace({ key, digest, html }) {
  const old = document.getElementById(key);
  if (!old || old.dataset.digest === digest) return;
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const focused = old.contains(document.activeElement) ? place(old, document.activeElement) : null;
  const scrolled = [...old.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
  tell(fresh);
  old.replaceWith(fresh);
  fresh.querySelectorAll(".scroll").forEach((each, at) => { each.scrollLeft = scrolled[at] || 0; });
  if (focused) focused(fresh)?.focus({ preventScroll: true });
}

// How to find an element again after its section was replaced: by its id, or as the n-th that can have the focus.
function place(section, element) {
  const able = "a[href], [tabindex]";
  if (element.id) return () => document.getElementById(element.id);
  const at = [...section.querySelectorAll(able)].indexOf(element);
  return (fresh) => fresh.querySelectorAll(able)[at];
}

function tell(within) {
  for (const each of within.querySelectorAll("time.age")) each.textContent = age(new Date(each.dateTime));
  for (const each of within.querySelectorAll("time.clock")) {
    each.textContent = new Date(each.dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }
}

function age(of) {
  const seconds = Math.max(0, Math.round((Date.now() - of) / 1000));
  for (const [unit, name] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= 2 * unit) return `${Math.floor(seconds / unit)} ${name} ago`;
  }
  return `${seconds} s ago`;
}

tell(document);
setInterval(() => tell(document), 1000);
connect();
// A browser has few connections to a server: a page that nobody sees keeps none.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) disconnect();
  else connect();
});
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", connect);
