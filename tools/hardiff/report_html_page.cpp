#include "hardiff/report_html_page.hpp"

namespace tools::hardiff {

const std::string_view kHtmlStyle = R"css(
:root {
  color-scheme: light dark;
  --bg: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #5d6878; --line: #dfe3ea;
  --equal: #8a96a8; --changed: #c77700; --missing: #cf2a3f; --extra: #1a8a4a; --moved: #7a4fd0;
  --equal-bg: #eceff4; --changed-bg: #fff4dc; --missing-bg: #fdeaec; --extra-bg: #e6f6ec; --moved-bg: #f0eafb;
  --mark-e: #f9c3ca; --mark-a: #b2e5c4; --focus: #2563eb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #12161d; --card: #1a2029; --ink: #e4e9f0; --soft: #97a3b4; --line: #2c3542;
    --equal: #8794a9; --changed: #f0a83c; --missing: #ff7383; --extra: #4cc983; --moved: #b095f5;
    --equal-bg: #232b36; --changed-bg: #33290f; --missing-bg: #381b21; --extra-bg: #14301f; --moved-bg: #281f3f;
    --mark-e: #7d2a37; --mark-a: #1d6a3d; --focus: #7aa5ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 28px 20px 60px; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  display: flex; flex-direction: column; gap: 10px; align-items: center; }
body > * { width: 100%; max-width: 1320px; }
header { order: -3; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 18px 24px 20px; }
nav { order: -2; position: sticky; top: 0; z-index: 2; background: var(--bg); padding: 8px 0; display: flex; flex-wrap: wrap; gap: 8px;
  align-items: center; }
.none { order: -1; }
.head { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
h1 { margin: 0; font-size: 20px; font-weight: 650; }
.verdict { font-weight: 650; border-radius: 999px; padding: 3px 14px; font-size: 14px; }
.verdict.same { background: var(--extra-bg); color: var(--extra); } .verdict.differ { background: var(--missing-bg); color: var(--missing); }
.verdict.broken { background: var(--changed-bg); color: var(--changed); }
.sides { display: grid; grid-template-columns: max-content 1fr max-content; gap: 2px 14px; margin: 12px 0 0; font-size: 14px; }
.sides dt { color: var(--soft); } .sides dd { margin: 0; overflow-wrap: anywhere; } .sides .name { font-weight: 600; }
.sides .what { color: var(--soft); text-align: right; }
.note { margin: 8px 0 0; color: var(--soft); font-size: 14px; }
pre.timing { margin: 12px 0 0; overflow-x: auto; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
nav input { flex: 1 1 260px; min-width: 160px; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 6px 12px; }
nav input:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 999px;
  padding: 4px 13px; cursor: pointer; }
button:hover { border-color: var(--soft); }
button[data-kind]::before { content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px;
  background: var(--c); }
button[aria-pressed="false"] { opacity: .45; }
details { background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--c); border-radius: 10px; }
summary { cursor: pointer; padding: 8px 16px; display: flex; gap: 12px; align-items: baseline; list-style: none; border-radius: 10px; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "▸"; color: var(--soft); flex: none; width: 10px; } details[open] > summary::before { content: "▾"; }
summary .no { color: var(--soft); font-size: 13px; flex: none; } summary .req { font-weight: 600; overflow-wrap: anywhere; flex: 1; }
summary .st { color: var(--soft); font-size: 13px; flex: none; }
summary .tag { flex: none; font-size: 13px; font-weight: 600; color: var(--c); background: var(--c-bg); border-radius: 999px; padding: 1px 11px; }
.inside { padding: 2px 16px 14px; }
.inside .both { display: grid; grid-template-columns: 1fr 1fr; gap: 0 12px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
article { border-top: 1px solid var(--line); padding: 8px 0 4px; }
article h2 { margin: 0; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
article h2 small { font-weight: 400; color: var(--soft); font-size: 13px; }
.values { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 12px; margin: 4px 0 6px; }
pre { margin: 0; padding: 4px 10px; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre.e { background: var(--missing-bg); grid-column: 1; } pre.a { background: var(--extra-bg); grid-column: 2; }
pre.e mark { background: var(--mark-e); } pre.a mark { background: var(--mark-a); }
mark { color: inherit; border-radius: 3px; padding: 1px 0; }
table { border-collapse: collapse; font-size: 13px; margin: 6px 0; } td, th { padding: 1px 14px 1px 0; text-align: right; }
th { color: var(--soft); font-weight: 400; } td:first-child, th:first-child { text-align: left; }
.changed { --c: var(--changed); --c-bg: var(--changed-bg); } .missing { --c: var(--missing); --c-bg: var(--missing-bg); }
.extra { --c: var(--extra); --c-bg: var(--extra-bg); } .moved { --c: var(--moved); --c-bg: var(--moved-bg); }
.equal { --c: var(--equal); --c-bg: var(--equal-bg); }
[hidden] { display: none !important; }
footer { color: var(--soft); font-size: 13px; }
@media (max-width: 720px) { .values, .inside .both { grid-template-columns: 1fr; } pre.e, pre.a { grid-column: 1; } }
@media print { nav { display: none; } }
)css";

const std::string_view kHtmlScript = R"js(
"use strict";
(() => {
  const nav = document.querySelector("nav"), input = nav.querySelector("input"), none = document.querySelector(".none");
  const entries = [...document.querySelectorAll("details")], off = new Set();
  // What is looked for in an entry: its request, and the places that differ.
  const texts = entries.map((entry) =>
    [entry.querySelector(".req"), ...entry.querySelectorAll("h2")].map((each) => each.textContent).join("\n").toLowerCase());
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    entries.forEach((entry, index) => {
      const fits = !off.has(entry.dataset.kind) && words.every((word) => texts[index].includes(word));
      entry.hidden = !fits;
      if (fits) ++shown;
    });
    none.hidden = shown !== 0 || entries.length === 0;
    nav.querySelector("output").textContent = words.length || off.size ? shown + " of " + entries.length : "";
  };
  input.addEventListener("input", apply);
  for (const button of nav.querySelectorAll("button[data-kind]")) {
    button.addEventListener("click", () => {
      const kind = button.dataset.kind, on = off.has(kind);
      if (on) off.delete(kind); else off.add(kind);
      button.setAttribute("aria-pressed", String(on));
      apply();
    });
  }
  nav.querySelector("button.fold").addEventListener("click", (event) => {
    const visible = entries.filter((entry) => !entry.hidden), open = visible.some((entry) => !entry.open);
    for (const entry of visible) entry.open = open;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) { event.preventDefault(); input.focus(); }
    if (event.key === "Escape" && document.activeElement === input) { input.value = ""; apply(); }
  });
  nav.hidden = false;
  apply();
})();
)js";

}  // namespace tools::hardiff
