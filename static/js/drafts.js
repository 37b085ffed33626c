// Keeps a form with data-autosave on the server while somebody types, by the revision that it began with. Where somebody
// else saved meanwhile nothing is overwritten: the form's own button then shows both texts.
"use strict";

(() => {
  const PAUSE_MS = 2500;
  const AGAIN_MS = 10000;
  const KEPT_ALIVE = 60000;
  // One per form: htmx puts a new form in the place of one that was refused, and that one begins anew.
  const drafts = new WeakMap();

  class Draft {
    constructor(form) {
      this.form = form;
      this.unsaved = false;
      this.stopped = "conflict" in form.dataset;
      this.saving = null;
      this.timer = 0;
    }

    changed() {
      this.unsaved = true;
      if (this.stopped) return;
      this.show("unsaved");
      this.later(PAUSE_MS);
    }

    later(pause) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), pause);
    }

    // Resolves to whether everything is on the server.
    async save() {
      clearTimeout(this.timer);
      if (this.saving) await this.saving;
      if (!this.unsaved) return true;
      if (this.stopped) return false;
      this.saving = this.send();
      await this.saving;
      this.saving = null;
      return !this.unsaved && !this.stopped;
    }

    async send() {
      const body = new URLSearchParams(new FormData(this.form)).toString();
      this.unsaved = false;
      let answer, said;
      try {
        answer = await fetch(this.form.dataset.autosave, {
          method: "POST",
          body,
          headers: { "content-type": "application/x-www-form-urlencoded" },
          keepalive: body.length < KEPT_ALIVE,
        });
        said = await answer.json();
      } catch {
        this.unsaved = true;
        this.show("failed");
        this.later(AGAIN_MS);
        return;
      }
      if (answer.ok) {
        this.form.elements.revision.value = said.revision;
        if (!this.unsaved) this.show("saved", clock());
        this.renew();
        return;
      }
      this.unsaved = true;
      if (answer.status === 409) {
        this.stopped = true;
        this.show("conflicting");
      } else this.show("refused", said.errors.map((error) => error.message).join(" "));
    }

    show(state, detail = "") {
      const place = this.form.querySelector("[data-save-state]");
      place.dataset.saveState = state;
      place.querySelector("[data-said]").textContent = `${place.dataset[state]}${detail && " "}${detail}`;
      for (const button of place.querySelectorAll("[data-compare]")) button.hidden = state !== "conflicting";
    }

    // Once a draft differs from what is in force, the page's head offers to publish it.
    async renew() {
      if (!("renew" in this.form.dataset)) return;
      delete this.form.dataset.renew;
      const head = ".page-header";
      const answer = await fetch(location.pathname).catch(() => null);
      if (!answer || !answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(head);
      if (fresh) document.querySelector(head).replaceWith(fresh);
    }
  }

  function clock() {
    const shape = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return new Intl.DateTimeFormat(document.documentElement.lang, shape).format(new Date());
  }

  function draftOf(element) {
    const form = element instanceof Element && element.closest("form[data-autosave]");
    if (!form) return null;
    if (!drafts.has(form)) drafts.set(form, new Draft(form));
    return drafts.get(form);
  }

  function current() {
    return draftOf(document.querySelector("form[data-autosave]"));
  }

  document.addEventListener("input", (event) => draftOf(event.target)?.changed());

  // A save by button that overtakes one of ours would conflict with it.
  document.addEventListener(
    "submit",
    (event) => {
      const draft = draftOf(event.target);
      if (!draft) return;
      if (draft.saving) {
        event.preventDefault();
        event.stopImmediatePropagation();
        draft.saving.finally(() => draft.form.requestSubmit());
        return;
      }
      clearTimeout(draft.timer);
      draft.unsaved = false;
    },
    { capture: true },
  );

  // A link that leads away waits for what was typed last.
  document.addEventListener(
    "click",
    async (event) => {
      const link = event.target instanceof Element && event.target.closest("a[href]");
      const draft = current();
      const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && event.button === 0;
      if (!link || !draft || !plain || link.target || link.getAttribute("href").startsWith("#")) return;
      if (!draft.saving && (!draft.unsaved || draft.stopped)) return;
      event.preventDefault();
      await draft.save();
      location.assign(link.href);
    },
    { capture: true },
  );

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) current()?.save();
  });
  addEventListener("beforeunload", (event) => {
    const draft = current();
    if (draft && (draft.unsaved || draft.saving)) event.preventDefault();
  });
})();
