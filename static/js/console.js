// What a page cannot do with links and forms alone. Everything is delegated from the document,
// so fragments that htmx swaps in need no set-up.
"use strict";

const THEME = "waxell-theme";
const SHORTCUT_PAUSE_MS = 1200;

function showTheme() {
  const chosen = document.documentElement.dataset.theme || "system";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

function chooseTheme(choice) {
  const root = document.documentElement;
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  try {
    if (choice === "system") localStorage.removeItem(THEME);
    else localStorage.setItem(THEME, choice);
  } catch {
    // The choice then lasts as long as the page.
  }
  showTheme();
}

async function copy(button) {
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent : button.dataset.copy;
  const said = button.querySelector("[data-copy-said]");
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = false;
    // No clipboard outside https: select the text so that the next key press copies it.
    if (source) getSelection().selectAllChildren(source);
  }
  if (said) said.textContent = done ? button.dataset.copied : button.dataset.copyFailed;
  button.classList.toggle("is-copied", done);
  setTimeout(() => {
    button.classList.remove("is-copied");
    if (said) said.textContent = "";
  }, 2000);
}

function checkWord(input) {
  const form = input.form;
  const matches = input.value.trim() === input.dataset.confirmWord;
  for (const button of form ? form.querySelectorAll("[data-confirm-submit]") : []) button.disabled = !matches;
}

function prepare(root) {
  for (const input of root.querySelectorAll("[data-confirm-word]")) checkWord(input);
  showTheme();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const on = (selector) => target && target.closest(selector);
  let found;
  if ((found = on("[data-theme-choice]"))) chooseTheme(found.dataset.themeChoice);
  else if ((found = on("[data-copy], [data-copy-from]"))) copy(found);
  else if ((found = on("[data-dialog-open]"))) {
    const dialog = document.getElementById(found.dataset.dialogOpen);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  } else if ((found = on("[data-dialog-close]"))) {
    event.preventDefault();
    found.closest("dialog")?.close();
  } else if (target instanceof HTMLDialogElement && target.open) {
    // The element itself is only hit outside its padding-free content: on the backdrop.
    target.close();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!target || !menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("input", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-confirm-word]")) checkWord(event.target);
});

// Shortcuts: links carry data-shortcut ("g e", "?"). Never while somebody types.
let pressed = "";
let pressedAt = 0;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  // A dialog that has just closed keeps the focus until the next frame.
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], dialog[open]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  const now = performance.now();
  // At most two keys in a row: what was pressed before them does not matter.
  const pair = pressed && now - pressedAt < SHORTCUT_PAUSE_MS ? `${pressed} ${event.key}` : event.key;
  pressed = event.key;
  pressedAt = now;
  for (const keys of [pair, event.key]) {
    const target = document.querySelector(`[data-shortcut="${CSS.escape(keys)}"]`);
    if (!target) continue;
    event.preventDefault();
    pressed = "";
    if (target.matches("input, textarea, select")) target.focus();
    else target.click();
    return;
  }
});

// Polling rests while nobody looks: data-live marks what hx-trigger="every …" refreshes.
document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail?.ctx?.sourceElement;
  if (document.hidden && source instanceof Element && source.matches("[data-live]")) event.preventDefault();
});

document.addEventListener("htmx:after:swap", () => prepare(document));
// Without this script the button stays usable and the server compares the word.
prepare(document);
