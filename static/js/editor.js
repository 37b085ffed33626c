// Line numbers beside a textarea with data-editor, and a way to the line that an error names: for a browser in which
// policy_editor.js made no editor of it.
"use strict";

function number(area) {
  const gutter = area.previousElementSibling;
  const count = area.value.split("\n").length;
  if (Number(gutter.dataset.count) !== count) {
    gutter.dataset.count = count;
    gutter.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
  }
  gutter.scrollTop = area.scrollTop;
}

function dress(root) {
  for (const area of root.querySelectorAll('textarea[data-editor=""]')) {
    if (area.parentElement.classList.contains("editor")) continue;
    const frame = document.createElement("div");
    const gutter = document.createElement("div");
    frame.className = "editor";
    gutter.className = "editor__numbers";
    gutter.setAttribute("aria-hidden", "true");
    area.replaceWith(frame);
    frame.append(gutter, area);
    area.addEventListener("input", () => number(area));
    area.addEventListener("scroll", () => number(area));
    number(area);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("a[data-line]");
  const area = link && document.querySelector('textarea[data-editor=""]');
  if (!area) return;
  event.preventDefault();
  const lines = area.value.split("\n");
  const line = Math.min(Number(link.dataset.line), lines.length);
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + lines[line - 1].length);
  area.scrollTop = (line - 4) * parseFloat(getComputedStyle(area).lineHeight);
});

document.addEventListener("htmx:after:swap", () => dress(document));
dress(document);
