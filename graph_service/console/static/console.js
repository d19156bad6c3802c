"use strict";
// Keys of the keyboard: / searches, g and a letter goes to a page, j and k walk through a list.

const PAGES = { i: "/console/", a: "/console/alerts", s: "/console/scans" };
const CHORD_MS = 1200;
let chordAt = 0;

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function walk(step) {
  const rows = [...document.querySelectorAll(".rows tbody tr")];
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = now < 0 ? (step > 0 ? 0 : rows.length - 1) : now + step;
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
  const link = row.querySelector("a");
  rows.forEach((one) => one.classList.toggle("here", one === row));
  if (link) link.focus();
}

// On a narrow screen the page that is shown may stand beyond the edge.
const shown = document.querySelector("nav [aria-current]");
if (shown) {
  const nav = shown.closest("nav");
  nav.scrollLeft = shown.offsetLeft - (nav.clientWidth - shown.offsetWidth) / 2;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (Date.now() - chordAt < CHORD_MS && PAGES[event.key]) {
    window.location.assign(PAGES[event.key]);
    return;
  }
  chordAt = event.key === "g" ? Date.now() : 0;
  if (event.key === "/") {
    const box = document.getElementById("q");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  } else if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === "n") document.querySelector("#next button")?.click();
  else if (event.key === "?") window.location.assign("/console/help");
});
