// Makes codemirror.min.js and LICENSE beside this file, the same bytes each time:
//
//   node static/vendor/codemirror/build.mjs
//
// The packages come from npm by package-lock.json into a temporary directory that is removed at the end. Afterwards
// write the digests (sha256sum) into ../manifest.json; tests/unit/static/test_vendor.py compares them.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
// style-mod writes a <style> element, which our content security policy refuses, unless it is in a shadow root. There it
// adopts a constructed style sheet, which needs no exception from the policy: so it does now everywhere.
const ONLY_IN_SHADOW = "!root.head && root.adoptedStyleSheets";
const EVERYWHERE = "root.adoptedStyleSheets";

const work = mkdtempSync(join(tmpdir(), "codemirror-"));
try {
  for (const file of ["package.json", "package-lock.json", "entry.js"]) cpSync(join(HERE, file), join(work, file));
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: work, stdio: "inherit" });
  const { build } = createRequire(join(work, "package.json"))("esbuild");
  const { metafile } = await build({
    absWorkingDir: work,
    entryPoints: ["entry.js"],
    outfile: join(HERE, "codemirror.min.js"),
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "CodeMirror",
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    plugins: [{ name: "adopted-styles", setup: adoptStyles }],
  });
  writeFileSync(join(HERE, "LICENSE"), licences(Object.keys(metafile.inputs)));
} finally {
  rmSync(work, { recursive: true });
}

function adoptStyles(build) {
  build.onLoad({ filter: /style-mod\/src\/style-mod\.js$/ }, ({ path }) => {
    const [before, after, ...more] = readFileSync(path, "utf8").split(ONLY_IN_SHADOW);
    if (after === undefined || more.length) throw new Error("style-mod has changed: look at how it mounts its styles");
    return { contents: before + EVERYWHERE + after };
  });
}

function licences(inputs) {
  const names = inputs.map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean);
  const told = [...new Set(names)].sort().map((name) => {
    const folder = join(work, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return told.join(`\n${"-".repeat(80)}\n\n`);
}
