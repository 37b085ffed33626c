// Cedar as CodeMirror colours it, and the words it offers while somebody writes.
"use strict";

const CedarWords = window.CodeMirror && (() => {
  const KEYWORDS = ["when", "unless", "if", "then", "else", "in", "has", "like", "is", "true", "false"];
  const VARIABLES = ["principal", "action", "resource", "context"];
  const HEADS = ["permit", "forbid"];
  const VALUES = {
    effect: ["halt", "deny", "hold", "flag"],
    on_refusal: ["deny", "halt"],
    quorum: ["1", "2", "3"],
    timeout: ["30m", "4h", "24h", "7d"],
  };
  const METHODS = {
    Set: ["contains", "containsAll", "containsAny", "isEmpty"],
    decimal: ["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"],
  };

  const language = CodeMirror.StreamLanguage.define({
    name: "cedar",
    startState: () => ({ text: false }),
    token(stream, state) {
      if (!state.text && stream.eatSpace()) return null;
      if (!state.text && stream.match("//")) {
        stream.skipToEnd();
        return "comment";
      }
      if (state.text || stream.eat('"')) {
        // A text may go on in the next line.
        state.text = !stream.match(/^(?:[^"\\]|\\.)*"/);
        if (state.text) stream.skipToEnd();
        return "string";
      }
      if (stream.match(/^@\w+/)) return "annotation";
      if (stream.match(/^\d+\b/)) return "number";
      const before = stream.string.slice(0, stream.pos).trimEnd().slice(-1);
      const word = stream.match(/^\w+/);
      if (word) {
        if (before === ".") return "propertyName";
        if (stream.match(/^\s*::/, false)) return "typeName";
        if (["true", "false"].includes(word[0])) return "bool";
        if (HEADS.includes(word[0]) || KEYWORDS.includes(word[0])) return "keyword";
        return VARIABLES.includes(word[0]) ? "variableName.special" : "variableName";
      }
      if (stream.match(/^(?:&&|\|\||::|[=!<>]=|[<>!+*-])/)) return "operator";
      stream.next();
      return null;
    },
    languageData: { commentTokens: { line: "//" } },
  });

  // Where the cursor stands in the rule it is in: `rule` is the text from that rule's beginning.
  function surroundings(context) {
    const before = context.state.sliceDoc(0, context.pos);
    const rule = before.slice(before.lastIndexOf(";") + 1);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const bare = line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    return { rule, line, comment: bare.includes("//"), text: (bare.match(/"/g) || []).length % 2 === 1 };
  }

  // Puts a word between quotes that may or may not be closed already.
  function quoted(view, completion, from, to) {
    const closed = view.state.sliceDoc(to, to + 1) === '"';
    view.dispatch({
      changes: { from, to, insert: completion.label + (closed ? "" : '"') },
      selection: { anchor: from + completion.label.length + 1 },
    });
  }

  // Puts the cursor where the writing goes on: between the quotes.
  function opening(tail, back) {
    return (view, completion, from, to) => {
      const insert = completion.label.replace(/^@/, "") + tail;
      view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length - back } });
    };
  }

  function members(words, path, rule) {
    const prefix = path ? `${path}.` : "";
    const named = words.context.filter((fact) => fact.action && rule.includes(`"${fact.action}"`));
    const found = new Map();
    for (const fact of words.context) {
      if (!fact.path.startsWith(prefix) || fact.path.slice(prefix.length).includes(".")) continue;
      if (fact.action && named.length && !named.includes(fact)) continue;
      const label = fact.path.slice(prefix.length);
      const detail = fact.optional ? `${fact.type}, optional` : fact.type;
      if (!found.has(label)) found.set(label, { label, detail, info: fact.meaning || undefined, type: "property" });
    }
    const own = words.context.find((fact) => fact.path === path);
    const methods = own ? METHODS[own.type.split(" ")[0]] || [] : [];
    return [...found.values(), ...methods.map((label) => ({ label, type: "function", apply: opening("()", 1) }))];
  }

  function anywhere(words) {
    return [
      ...HEADS.map((label) => ({ label, type: "keyword", apply: opening(" (principal, action, resource);", 0) })),
      ...KEYWORDS.map((label) => ({ label, type: "keyword" })),
      ...VARIABLES.map((label) => ({ label, type: "variable" })),
      { label: "decimal", type: "function", apply: opening('("")', 2) },
      ...["Action", ...Object.keys(words.entities)].map((label) => ({ label, type: "type", apply: opening('::""', 1) })),
    ];
  }

  function offer(words, context) {
    const { rule, line, comment, text } = surroundings(context);
    if (comment) return null;
    const answer = (typed, options, validFor) => ({ from: context.pos - typed.length, options, validFor });
    let found;
    if (text) {
      const names = (labels, details = {}) =>
        labels.map((label) => ({ label, detail: details[label], type: "text", apply: quoted }));
      if ((found = line.match(/Action\s*::\s*"([^"]*)$/)))
        return answer(found[1], names(Object.keys(words.actions), words.actions), /^[^"]*$/);
      if ((found = line.match(/(\w+)\s*::\s*"([^"]*)$/)))
        return answer(found[2], names(words.entities[found[1]] || []), /^[^"]*$/);
      if ((found = line.match(/@(\w+)\s*\(\s*"([^"]*)$/))) {
        const values = found[1] === "approvers" ? words.approver_groups : VALUES[found[1]] || [];
        return answer(found[2], names(values), /^[^"]*$/);
      }
      return null;
    }
    if ((found = line.match(/@(\w*)$/))) {
      const options = Object.entries(words.annotations).map(([label, info]) => ({
        label,
        info,
        type: "keyword",
        apply: opening('("")', 2),
      }));
      return answer(found[1], options, /^\w*$/);
    }
    if ((found = line.match(/\bcontext((?:\.\w+)*)(?:\.|\s+has\s+)(\w*)$/)))
      return answer(found[2], members(words, found[1].slice(1), rule), /^\w*$/);
    if ((found = line.match(/(^|[^.\w])(\w+)$/))) return answer(found[2], anywhere(words), /^\w*$/);
    return context.explicit ? answer("", anywhere(words), /^\w*$/) : null;
  }

  return { language, offer };
})();
