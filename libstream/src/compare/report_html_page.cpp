#include "report_html_page.hpp"

namespace stream {

const std::string_view kHtmlStyle = R"css(
:root {
  color-scheme: light dark;
  --bg: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #5d6878; --line: #dfe3ea; --grid: #eceff4;
  --equal: #8a96a8; --changed: #c77700; --missing: #cf2a3f; --extra: #1a8a4a; --moved: #7a4fd0;
  --changed-bg: #fff4dc; --missing-bg: #fdeaec; --extra-bg: #e6f6ec; --moved-bg: #f0eafb;
  --mark-e: #f9c3ca; --mark-a: #b2e5c4; --focus: #2563eb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #12161d; --card: #1a2029; --ink: #e4e9f0; --soft: #97a3b4; --line: #2c3542; --grid: #232b36;
    --equal: #6b7890; --changed: #f0a83c; --missing: #ff7383; --extra: #4cc983; --moved: #b095f5;
    --changed-bg: #33290f; --missing-bg: #381b21; --extra-bg: #14301f; --moved-bg: #281f3f;
    --mark-e: #7d2a37; --mark-a: #1d6a3d; --focus: #7aa5ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 28px 20px 60px; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  display: flex; flex-direction: column; gap: 22px; align-items: center; }
body > * { width: 100%; max-width: 1240px; }
.overall { order: -1; margin: 0; font-size: 17px; font-weight: 600; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 20px 24px 24px;
  box-shadow: 0 1px 3px #0000000d; }
.head { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
.verdict { font-weight: 650; border-radius: 999px; padding: 3px 14px; font-size: 14px; white-space: nowrap; }
.verdict.equal { background: var(--extra-bg); color: var(--extra); }
.verdict.different { background: var(--missing-bg); color: var(--missing); }
.verdict.failed { background: var(--changed-bg); color: var(--changed); }
h2 { margin: 0; font-size: 18px; font-weight: 650; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: max-content max-content 1fr; gap: 2px 14px; margin: 12px 0 0; font-size: 14px; }
.sides dt { color: var(--soft); } .sides dd { margin: 0; overflow-wrap: anywhere; } .sides .name { font-weight: 600; }
.sides .what { color: var(--soft); }
.note { margin: 8px 0 0; color: var(--soft); font-size: 14px; }
.plot { margin: 18px 0 4px; }
.plot canvas { display: block; width: 100%; height: 236px; border: 1px solid var(--line); border-radius: 10px; cursor: crosshair;
  touch-action: pan-y; }
.plot canvas:focus-visible { outline: 2px solid var(--focus); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 2px 0; color: var(--soft); font-size: 13px; align-items: center; }
.legend span::before { content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 6px;
  background: var(--c); }
.legend .hint { margin-left: auto; } .legend .hint::before, .legend .lag::before { content: none; }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: 7px; padding: 2px 10px; cursor: pointer; }
button:hover { border-color: var(--soft); }
h3 { font-size: 15px; margin: 20px 0 8px; font-weight: 650; }
article { border: 1px solid var(--line); border-left: 4px solid var(--c); border-radius: 8px; margin: 8px 0; padding: 8px 12px 10px;
  scroll-margin: 20px; }
article.lit { outline: 2px solid var(--focus); outline-offset: 1px; }
article h4 { margin: 0; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
article p { margin: 2px 0 0; color: var(--soft); font-size: 13px; }
article pre { margin: 6px 0 0; padding: 4px 10px 4px 26px; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; position: relative; }
article pre::before { position: absolute; left: 10px; opacity: .7; }
pre.e { background: var(--missing-bg); } pre.e::before { content: "−"; } pre.e mark { background: var(--mark-e); }
pre.a { background: var(--extra-bg); } pre.a::before { content: "+"; } pre.a mark { background: var(--mark-a); }
pre.s { background: var(--moved-bg); } pre.s::before { content: "="; }
mark { color: inherit; border-radius: 3px; padding: 1px 0; }
.changed { --c: var(--changed); } .missing { --c: var(--missing); } .extra { --c: var(--extra); } .moved { --c: var(--moved); }
.equal { --c: var(--equal); }
.tip { position: fixed; z-index: 9; max-width: min(560px, 90vw); padding: 8px 12px; border-radius: 8px; background: var(--card);
  border: 1px solid var(--line); box-shadow: 0 6px 24px #0003; font-size: 13px; pointer-events: none; width: max-content; }
.tip b { display: block; } .tip code { display: block; font: 12px/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; color: var(--soft); margin-top: 3px; }
footer { color: var(--soft); font-size: 13px; }
@media print { .plot .hint, button { display: none; } section { break-inside: auto; box-shadow: none; } }
)css";

const std::string_view kHtmlScript = R"js(
"use strict";
(() => {
  const NAMES = ["equal", "changed", "missing", "extra", "moved"];
  const tip = document.createElement("div");
  tip.className = "tip"; tip.hidden = true;
  document.body.append(tip);

  const setUp = (section) => {
    const data = JSON.parse(section.querySelector("script").textContent);
    const canvas = section.querySelector("canvas");
    if (!canvas) return;
    // [kind, x expected, x actual, number expected, number actual, card, what is expected, what came, sent]
    const points = data.points, time = data.time;
    let low = Infinity, high = -Infinity;
    for (const p of points) for (const x of [p[1], p[2]]) if (x !== null) { low = Math.min(low, x); high = Math.max(high, x); }
    if (time) low = Math.min(low, 0);
    if (!(high > low)) { low -= 0.5; high += 0.5; }
    const margin = (high - low) * 0.02, home = [low - (time && low === 0 ? margin / 2 : margin), high + margin];
    let view = home.slice(), hot = null, width = 0;
    const height = 236, top = 58, bottom = 158, left = 84, right = 16;
    const toX = (x) => left + (x - view[0]) / (view[1] - view[0]) * (width - left - right);
    const toValue = (px) => view[0] + (px - left) / (width - left - right) * (view[1] - view[0]);
    const shown = (x) => !time ? String(Math.round(x)) :
      Math.abs(x) >= 1 || x === 0 ? x.toFixed(3).replace(/\.?0+$/, "") + " s" : (x * 1000).toFixed(3).replace(/\.?0+$/, "") + " ms";

    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      width = canvas.clientWidth;
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
      const c = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
      const color = (name) => style.getPropertyValue("--" + name).trim();
      const fills = NAMES.map(color), card = color("card");
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      c.clearRect(0, 0, width, height);
      c.font = "12px system-ui, sans-serif"; c.textBaseline = "middle";
      // The axis.
      const span = view[1] - view[0], rough = span / Math.max(2, (width - left) / 110), power = 10 ** Math.floor(Math.log10(rough));
      let step = power * [1, 2, 5, 10].find((n) => n * power >= rough);
      if (!time) step = Math.max(1, Math.round(step));
      c.textAlign = "center";
      for (let x = Math.ceil(view[0] / step) * step; x <= view[1]; x += step) {
        const px = toX(x);
        if (px < left - 1) continue;
        c.strokeStyle = color("grid"); c.lineWidth = 1;
        c.beginPath(); c.moveTo(px, 24); c.lineTo(px, height - 32); c.stroke();
        c.fillStyle = color("soft"); c.fillText(shown(Math.abs(x) < step / 1e6 ? 0 : x), px, height - 18);
      }
      c.fillStyle = color("soft"); c.textAlign = "left";
      c.fillText("expected", 14, top); c.fillText("actual", 14, bottom);
      c.strokeStyle = color("line"); c.lineWidth = 1.5;
      for (const y of [top, bottom]) { c.beginPath(); c.moveTo(left, y); c.lineTo(width - right, y); c.stroke(); }
      c.save();
      c.beginPath(); c.rect(left - 6, 0, width - left - right + 12, height); c.clip();
      // Where very many lines stand side by side they are thin and pale.
      const visible = points.filter((p) => p[0] === 0 && toX(p[1]) > left - 9 && toX(p[1]) < width).length;
      const pale = Math.min(1, Math.max(0.15, 250 / Math.max(1, visible))), dense = visible > 600;
      const dot = (x, y, p, fill, big) => {
        const r = big ? 6.5 : p[0] === 0 ? (dense ? 2 : 3) : 4.5;
        c.fillStyle = fill; c.beginPath();
        if (p[8]) { c.moveTo(x, y - r - 1); c.lineTo(x + r + 1, y); c.lineTo(x, y + r + 1); c.lineTo(x - r - 1, y); c.closePath(); }
        else c.arc(x, y, r, 0, 7);
        c.fill();
        if (dense && p[0] === 0 && !big) return;
        c.strokeStyle = card; c.lineWidth = 1; c.stroke();
      };
      const paint = (p, big) => {
        const fill = fills[p[0]], e = p[1] === null ? null : toX(p[1]), a = p[2] === null ? null : toX(p[2]);
        c.globalAlpha = 1;
        if (e !== null && a !== null) {
          if ((e < left && a < left) || (e > width && a > width)) return;
          c.strokeStyle = fill; c.lineWidth = big ? 2.5 : p[0] === 0 ? 1 : 1.75; c.globalAlpha = big ? 1 : p[0] === 0 ? 0.45 * pale : 0.9;
          c.beginPath(); c.moveTo(e, top); c.lineTo(a, bottom); c.stroke(); c.globalAlpha = 1;
        } else {
          // No partner: a stub that ends in nothing.
          const x = e ?? a, y = e !== null ? top : bottom, to = e !== null ? y + 26 : y - 26;
          c.strokeStyle = fill; c.lineWidth = big ? 2.5 : 1.75; c.setLineDash([3, 3]);
          c.beginPath(); c.moveTo(x, y); c.lineTo(x, to); c.stroke(); c.setLineDash([]);
        }
        if (e !== null) dot(e, top, p, fill, big);
        if (a !== null) dot(a, bottom, p, fill, big);
      };
      for (const p of points) if (p[0] === 0) paint(p, false);
      for (const p of points) if (p[0] !== 0) paint(p, false);
      if (hot) paint(hot, true);
      c.restore();
    };

    const nearest = (px, py) => {
      let best = null, least = 14 * 14;
      for (const p of points) {
        for (const [x, y] of [[p[1], top], [p[2], bottom]]) {
          if (x === null) continue;
          const dx = toX(x) - px, dy = y - py, d = dx * dx + dy * dy - (p[0] ? 6 : 0);
          if (d < least) { least = d; best = p; }
        }
        if (p[1] !== null && p[2] !== null && py > top && py < bottom) {
          const x = toX(p[1]) + (toX(p[2]) - toX(p[1])) * (py - top) / (bottom - top), d = (x - px) ** 2 + 20;
          if (d < least && d < 60) { least = d; best = p; }
        }
      }
      return best;
    };
    const text = (tag, content) => { const e = document.createElement(tag); e.textContent = content; tip.append(e); };
    const show = (p, x, y) => {
      tip.hidden = !p;
      if (!p) return;
      tip.replaceChildren();
      const kind = data.item || "event";
      const side = (n, at) => `${kind} ${n}` + (time ? ` at ${shown(at)}` : "");
      const parts = [];
      if (p[1] !== null) parts.push(side(p[3], p[1]));
      if (p[2] !== null) parts.push("actual " + side(p[4], p[2]));
      text("b", `${NAMES[p[0]]}: ${parts.join(", ")}` + (p[8] ? " (sent)" : ""));
      if (time && p[1] !== null && p[2] !== null) {
        const lag = p[2] - p[1];
        text("div", lag === 0 ? "at the same time" : `${shown(Math.abs(lag))} ${lag > 0 ? "later" : "earlier"} than expected`);
      }
      if (p[6]) text("code", (p[7] ? "− " : "") + p[6]);
      if (p[7]) text("code", (p[6] ? "+ " : "") + p[7]);
      const box = tip.getBoundingClientRect();
      tip.style.left = Math.max(6, Math.min(x + 14, innerWidth - box.width - 10)) + "px";
      tip.style.top = (y + box.height + 30 > innerHeight ? Math.max(6, y - box.height - 12) : y + 16) + "px";
    };
    const light = (p) => {
      if (hot === p) return;
      hot = p;
      for (const card of section.querySelectorAll("article.lit")) card.classList.remove("lit");
      if (p && p[5] !== null) document.getElementById(p[5])?.classList.add("lit");
      draw();
    };

    let drag = null, moved = false;
    canvas.addEventListener("pointerdown", (e) => { drag = [e.clientX, view.slice()]; moved = false; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointermove", (e) => {
      const box = canvas.getBoundingClientRect();
      if (drag && Math.abs(e.clientX - drag[0]) > 3) {
        moved = true;
        const by = (drag[0] - e.clientX) / (width - left - right) * (drag[1][1] - drag[1][0]);
        view = [drag[1][0] + by, drag[1][1] + by];
        show(null); draw();
        return;
      }
      const p = nearest(e.clientX - box.left, e.clientY - box.top);
      light(p); show(p, e.clientX, e.clientY);
    });
    canvas.addEventListener("pointerup", () => {
      drag = null;
      if (!moved && hot && hot[5] !== null) document.getElementById(hot[5])?.scrollIntoView({behavior: "smooth", block: "center"});
    });
    canvas.addEventListener("pointerleave", () => { if (!drag) { light(null); show(null); } });
    canvas.addEventListener("wheel", (e) => {
      e.preventDefault();
      const at = toValue(e.clientX - canvas.getBoundingClientRect().left), factor = Math.exp(e.deltaY * 0.0015);
      const next = [at - (at - view[0]) * factor, at + (view[1] - at) * factor];
      if (next[1] - next[0] > (home[1] - home[0]) * 1e-7) view = next;
      if (view[1] - view[0] >= home[1] - home[0]) view = home.slice();
      draw();
    }, {passive: false});
    const reset = () => { view = home.slice(); draw(); };
    canvas.addEventListener("dblclick", reset);
    section.querySelector("button").addEventListener("click", reset);
    const byCard = new Map();
    for (const p of points) if (p[5] !== null && !byCard.has(p[5])) byCard.set(p[5], p);
    for (const card of section.querySelectorAll("article")) {
      const p = byCard.get(card.dataset.point || card.id);
      if (!p) continue;
      card.addEventListener("pointerenter", () => { hot = p; draw(); });
      card.addEventListener("pointerleave", () => { hot = null; draw(); });
    }
    // How much later, over all pairs.
    if (time) {
      const lags = points.filter((p) => p[1] !== null && p[2] !== null).map((p) => p[2] - p[1]).sort((a, b) => a - b);
      if (lags.length) {
        const signed = (x) => (x > 0 ? "+" : x < 0 ? "−" : "±") + shown(Number(Math.abs(x).toPrecision(3)));
        section.querySelector(".lag").textContent = lags[0] === lags[lags.length - 1] ? `lag ${signed(lags[0])}` :
          `lag ${signed(lags[0])} to ${signed(lags[lags.length - 1])}, median ${signed(lags[lags.length >> 1])}`;
      }
    }
    new ResizeObserver(draw).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    draw();
  };
  for (const section of document.querySelectorAll("section")) if (section.querySelector("script")) setUp(section);
})();
)js";

}  // namespace stream
