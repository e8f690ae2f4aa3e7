// Keeps the page as the server would draw it now. Without this script, every link and form works,
// and a reload brings the news.
"use strict";

const changes = new EventSource("/console/changes");
const stale = new Set();
let isFetching = false;
let isPaused = false;

// Makes an old node like a new one, and touches nothing that is alike already: what somebody has
// opened, chosen or is reading stays.
function renew(old, fresh) {
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.isEqualNode(fresh)) return;
  const isKept = (name) => name === "open" || (old.id === "pause" && name !== "id");
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isKept(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isKept(name)) old.setAttribute(name, value);
  }
  renewChildren(old, fresh);
}

function renewChildren(old, fresh) {
  const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  const named = new Map();
  for (const child of [...old.children]) {
    if (!child.id) continue;
    if (wanted.has(child.id)) named.set(child.id, child);
    else child.remove();
  }
  let here = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const known = child.id ? named.get(child.id) : here && !here.id && here.nodeName === child.nodeName && here;
    if (!known) {
      old.insertBefore(child, here);
    } else {
      if (known === here) here = here.nextSibling;
      else old.insertBefore(known, here);
      renew(known, child);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

// Times as people here write them, and their ages.
const sameDay = (one, other) => one.toDateString() === other.toDateString();

function localise(root) {
  for (const element of root.querySelectorAll("time")) {
    const time = new Date(element.dateTime);
    const two = (number) => String(number).padStart(2, "0");
    const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    const minute = `${two(time.getHours())}:${two(time.getMinutes())}`;
    element.textContent = sameDay(time, new Date()) ? `${minute}:${two(time.getSeconds())}` : `${day} ${minute}`;
    element.title = `${day} ${minute}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")} here, ${element.dateTime}`;
  }
  tellAges(root);
  const zone = root.querySelector("#zone");
  if (zone) zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
  const pause = root.querySelector("#pause");
  if (pause) pause.hidden = false;
  const live = root.querySelector("#live");
  if (live) tellState(live);
}

function tellAges(root) {
  for (const element of root.querySelectorAll("[data-since]")) {
    const words = inWords(Math.floor((Date.now() - element.dataset.since) / 1000));
    const age = "ago" in element.dataset && words !== "now" ? `${words} ago` : words;
    if (element.textContent !== age) element.textContent = age;
  }
}

function inWords(seconds) {
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function tellState(element = document.getElementById("live")) {
  const state = isPaused ? "paused" : changes.readyState === EventSource.OPEN ? "live" : "not connected";
  element.textContent = state;
  element.dataset.state = state;
}

// Shows what the server drew: a whole page, or parts of it.
function apply(html, isWhole) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  localise(fresh);
  const focus = document.activeElement;
  if (isWhole) {
    document.title = fresh.title;
    document.body.className = fresh.body.className;
    renewChildren(document.body, fresh.body);
  } else {
    for (const part of [...fresh.querySelectorAll("[data-part]")]) {
      const old = document.getElementById(part.id);
      if (old) renew(old, part);
    }
  }
  // A row that moved has lost the focus on the way.
  if (focus.isConnected && focus !== document.activeElement) focus.focus({ preventScroll: true });
}

async function refresh() {
  if (isFetching || isPaused || document.hidden || !stale.size) return;
  const address = location.href;
  const url = new URL(address);
  url.hash = "";
  url.searchParams.set("parts", [...stale].join(","));
  stale.clear();
  isFetching = true;
  try {
    const answer = await fetch(url);
    if (answer.ok && address === location.href) apply(await answer.text(), false);
  } catch {
    // The stream of changes says that the server is gone, and when it is back.
  }
  isFetching = false;
  if (stale.size) setTimeout(refresh, 200);
}

// Goes to another view, or sends a form, without losing what is open.
async function visit(url, options, isKept) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch {
    changes.onerror();
    return;
  }
  const html = await answer.text();
  if (!(answer.headers.get("content-type") || "").startsWith("text/html")) return;
  const target = new URL(answer.url);
  if (answer.ok && isKept) history.replaceState(null, "", target);
  else if (answer.ok) history.pushState(null, "", new URL(new URL(url, location.href).hash, target));
  apply(html, true);
  if (isKept) return;
  for (const form of document.querySelectorAll("form[method=get]")) {
    if (!form.contains(document.activeElement)) form.reset();
  }
  const shown = document.getElementById(location.hash.slice(1));
  if (shown && shown.getBoundingClientRect().top > innerHeight * 0.8) shown.scrollIntoView();
}

// The address of the view that a form leads to: the one that it changes, and what it says itself.
function addressOf(form) {
  const fields = new FormData(form);
  const address = new URLSearchParams(fields.get("view") || "");
  for (const [name, value] of fields) {
    if (name !== "view" && value) address.set(name, value);
  }
  return `/?${address}`;
}

changes.addEventListener("change", (event) => {
  for (const part of event.data.split(" ")) stale.add(part);
  refresh();
});
changes.onopen = () => {
  tellState();
  // Something may have changed before this.
  for (const part of document.querySelectorAll("[data-part]")) stale.add(part.id);
  refresh();
};
changes.onerror = () => tellState();

document.addEventListener("click", (event) => {
  if (event.target.id === "pause") {
    isPaused = !isPaused;
    event.target.setAttribute("aria-pressed", isPaused);
    tellState();
    refresh();
    return;
  }
  const link = event.target.closest("a");
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || link.origin !== location.origin || link.pathname !== "/") return;
  if (link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  visit(link.href, {}, false);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.method === "get") visit(addressOf(form), {}, "live" in form.dataset);
  else visit(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }, true);
});

// The filter follows the typing.
let typing;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-live]");
  if (!form) return;
  clearTimeout(typing);
  typing = setTimeout(() => form.requestSubmit(), 250);
});

addEventListener("popstate", async () => {
  const answer = await fetch(location.href);
  if (answer.ok) apply(await answer.text(), true);
});
document.addEventListener("visibilitychange", refresh);
setInterval(() => document.hidden || tellAges(document), 1000);
localise(document);
