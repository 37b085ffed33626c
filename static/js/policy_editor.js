// A textarea with data-editor becomes a CodeMirror. The textarea stays, unseen, and always holds the text: forms, htmx and
// autosave know only that one. Where CodeMirror did not load, editor.js puts line numbers beside the textarea instead.
"use strict";

(() => {
  if (!window.CodeMirror) return;
  const { EditorState, EditorView, HighlightStyle, tags } = CodeMirror;
  const editors = new WeakMap();

  const colours = HighlightStyle.define([
    { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
    { tag: tags.annotation, color: "var(--fail)" },
    { tag: tags.typeName, color: "var(--halt)" },
    { tag: tags.string, color: "var(--allow)" },
    { tag: [tags.number, tags.bool], color: "var(--hold)" },
    { tag: tags.comment, color: "var(--ink-faint)", fontStyle: "italic" },
    { tag: tags.special(tags.variableName), fontWeight: "600" },
    { tag: tags.operator, color: "var(--ink-soft)" },
  ]);

  const look = EditorView.theme({
    "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "var(--text-sm)", maxHeight: "40rem" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", overflow: "auto" },
    ".cm-content, .cm-gutter": { minHeight: "20rem" },
    ".cm-content": { padding: "var(--space-2) 0", caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-faint)", borderRight: "1px solid var(--line)" },
    ".cm-activeLine": { backgroundColor: "transparent", boxShadow: "inset 2px 0 var(--accent)" },
    ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "var(--selection)",
    },
    "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-wash)", outline: "1px solid var(--accent)" },
    "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--deny-wash)" },
    ".cm-tooltip": {
      backgroundColor: "var(--raised)",
      border: "1px solid var(--line-strong)",
      borderRadius: "var(--radius-md)",
      boxShadow: "var(--shadow-lg)",
      maxWidth: "min(32rem, 94vw)",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxWidth: "min(24rem, 90vw)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "var(--space-1) var(--space-2)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
      backgroundColor: "var(--accent-wash)",
      color: "var(--ink)",
    },
    ".cm-completionDetail": { color: "var(--ink-faint)", fontStyle: "normal", marginLeft: "var(--space-3)" },
    ".cm-completionMatchedText": { color: "var(--accent)", textDecoration: "none", fontWeight: "600" },
    ".cm-completionInfo": { fontFamily: "var(--sans)", padding: "var(--space-2)", maxWidth: "18rem" },
    ".cm-diagnostic": { padding: "var(--space-2)", fontFamily: "var(--sans)", whiteSpace: "pre-wrap" },
    ".cm-diagnostic-error": { borderLeft: "3px solid var(--deny)" },
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--deny)", textUnderlineOffset: "3px" },
    ".cm-lintPoint-error:after": { borderBottomColor: "var(--deny)" },
    ".cm-lint-marker-error": { content: "none", width: "0.5rem", height: "0.5rem", borderRadius: "50%", backgroundColor: "var(--deny)", margin: "0.3rem 0.2rem" },
    ".cm-gutter-lint": { width: "1rem" },
  });

  const asked = new Map();
  function words(address) {
    if (!address) return Promise.resolve(null);
    if (!asked.has(address)) {
      const answer = fetch(address).then((response) => (response.ok ? response.json() : null));
      asked.set(
        address,
        answer.catch(() => {
          asked.delete(address);
          return null;
        }),
      );
    }
    return asked.get(address);
  }

  function say(form, message) {
    const place = form.querySelector("[data-editor-said]");
    if (place) place.textContent = message;
  }

  // What is typed over a selection. Left to itself the browser would keep the look of what it replaces by a style attribute,
  // which the content security policy refuses.
  function replace(event, view) {
    if (event.inputType !== "insertText" || event.isComposing || event.data === null) return false;
    const { from, to } = selected(view);
    if (from === to) return false;
    event.preventDefault();
    const selection = { anchor: from + event.data.length };
    view.dispatch({ changes: { from, to, insert: event.data }, selection, userEvent: "input.type", scrollIntoView: true });
    return true;
  }

  // The document's selection, of which the editor may not have heard yet.
  function selected(view) {
    const range = getSelection().rangeCount ? getSelection().getRangeAt(0) : null;
    if (!view.state.selection.main.empty || !range || range.collapsed) return view.state.selection.main;
    const at = (node, offset) => Math.min(view.posAtDOM(node, offset), view.state.doc.length);
    return { from: at(range.startContainer, range.startOffset), to: at(range.endContainer, range.endOffset) };
  }

  function make(area) {
    const form = area.form;
    const label = area.labels[0];
    const most = Number(area.getAttribute("maxlength")) || Infinity;
    const offer = async (context) => {
      const known = await words(form.dataset.words);
      return known && CedarWords.offer(known, context);
    };
    const view = new EditorView({
      doc: area.value,
      extensions: [
        CodeMirror.lintGutter(),
        CodeMirror.lineNumbers(),
        CodeMirror.highlightActiveLineGutter(),
        CodeMirror.highlightActiveLine(),
        CodeMirror.history(),
        CodeMirror.drawSelection(),
        EditorView.lineWrapping,
        CodeMirror.bracketMatching(),
        CodeMirror.indentUnit.of("  "),
        CodeMirror.autocompletion({ override: [offer], icons: false }),
        CedarWords.language,
        CodeMirror.syntaxHighlighting(colours),
        look,
        // Tab is not bound: it leads out of the editor, as everywhere. Escape closes what is offered.
        CodeMirror.keymap.of([
          ...CodeMirror.completionKeymap,
          ...CodeMirror.historyKeymap,
          { key: "Shift-Alt-f", run: () => (format(form), true) },
          ...CodeMirror.defaultKeymap,
        ]),
        EditorView.contentAttributes.of({
          "aria-label": label ? label.firstChild.textContent.trim() : "",
          "aria-describedby": "editor-keys",
          spellcheck: "false",
        }),
        EditorView.domEventHandlers({ beforeinput: replace }),
        EditorState.changeFilter.of((change) => {
          const fits = change.newDoc.length <= most;
          if (!fits) say(form, form.dataset.tooLong);
          return fits;
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          say(form, "");
          area.value = update.state.doc.toString();
          area.dispatchEvent(new Event("input", { bubbles: true }));
        }),
      ],
    });
    const frame = document.createElement("div");
    frame.className = "editor editor--rich";
    area.replaceWith(frame);
    frame.append(view.dom, area);
    area.hidden = true;
    area.dataset.editor = "rich";
    if (label) label.addEventListener("click", () => view.focus());
    editors.set(area, view);
    for (const shown of form.querySelectorAll("[data-format-text], [data-editor-keys]")) shown.hidden = false;
    mark(view);
  }

  // The server counts characters; a JavaScript string counts some of them twice.
  function offset(doc, line, column) {
    const { text, from } = doc.line(Math.min(Math.max(line, 1), doc.lines));
    return from + [...text].slice(0, Math.max(column - 1, 0)).join("").length;
  }

  function mark(view) {
    const { doc } = view.state;
    const found = [...document.querySelectorAll("#check a[data-line]")].map((link) => {
      const from = offset(doc, Number(link.dataset.line), Number(link.dataset.column) || 1);
      const rest = doc.lineAt(from).text.slice(from - doc.lineAt(from).from);
      const length = (rest.match(/^(?:"(?:[^"\\]|\\.)*"?|\w+|\S)/) || [""])[0].length;
      return { from, to: from + length, severity: "error", message: link.dataset.message };
    });
    view.dispatch(CodeMirror.setDiagnostics(view.state, found.sort((a, b) => a.from - b.from)));
  }

  async function format(form) {
    const area = form.querySelector("textarea[data-editor]");
    const view = editors.get(area);
    const text = area.value;
    const body = new URLSearchParams({ text, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    let answer;
    try {
      answer = await (await fetch(form.dataset.format, { method: "POST", body })).json();
    } catch {
      say(form, form.dataset.formatFailed);
      return;
    }
    // What was typed meanwhile is worth more than the layout of what was there before.
    if (view.state.doc.toString() !== text) return;
    if (answer.errors) {
      const [{ line, column, message }] = answer.errors;
      const where = line ? `${form.dataset.line} ${line}${column ? `, ${form.dataset.column} ${column}` : ""}: ` : "";
      say(form, `${form.dataset.unformatted} ${where}${message}`);
    } else if (answer.text !== text) {
      const at = Math.min(view.state.selection.main.head, answer.text.length);
      view.dispatch({ changes: { from: 0, to: text.length, insert: answer.text }, selection: { anchor: at } });
    }
    view.focus();
  }

  function dress() {
    for (const area of document.querySelectorAll('textarea[data-editor=""]')) make(area);
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target && target.closest("[data-format-text]");
    if (button) return void format(button.form);
    const link = target && target.closest("a[data-line]");
    const view = link && editors.get(document.querySelector("textarea[data-editor]"));
    if (!view) return;
    event.preventDefault();
    const at = offset(view.state.doc, Number(link.dataset.line), Number(link.dataset.column) || 1);
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    view.focus();
  });

  document.addEventListener("htmx:after:swap", () => {
    dress();
    const view = editors.get(document.querySelector("textarea[data-editor]"));
    if (view) mark(view);
  });
  dress();
})();
