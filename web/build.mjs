// Builds the islands and style sheets into dist/ under names that hold their content's hash, and manifest.json that
// maps the plain names to them. `--tests` bundles the unit tests for node's test runner into dist-tests/ instead.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

const HOME_SCRIPT_LIMIT = 45 * 1024;
const STYLE_LIMIT = 12 * 1024;
/** What the page loads on which a note is written: its scripts, with the field that comes later, and its own style sheet. */
const EDITOR_PAGE_LIMIT = 150 * 1024;
const ENTRIES = ["site", "home", "note", "editor", "passkeys", "history"];

if (process.argv.includes("--tests")) {
  await rm("dist-tests", { recursive: true, force: true });
  const tests = (await readdir("assets/tests")).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => join("assets/tests", name)),
    outdir: "dist-tests",
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "warning",
  });
} else {
  await buildSite();
}
await buildMarkup();

/** What the parity test runs inside a page; never served. */
async function buildMarkup() {
  await build({
    entryPoints: ["assets/tests/markup.ts"],
    outdir: "dist-tests",
    bundle: true,
    format: "iife",
    globalName: "markup",
    logLevel: "warning",
  });
}

async function buildSite() {
  const fresh = "dist.new";
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  const result = await build({
    entryPoints: [...ENTRIES.map((name) => `assets/islands/${name}.ts`), "assets/site.css", "assets/editor.css"],
    outdir: fresh,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022", "chrome123", "firefox120", "safari17.5"],
    minify: true,
    sourcemap: false,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  const manifest = {};
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint) manifest[basename(output.entryPoint).replace(/\.ts$/, ".js")] = basename(path);
  }
  const icon = await readFile("assets/favicon.svg");
  const hash = createHash("sha256").update(icon).digest("hex").slice(0, 8);
  manifest["favicon.svg"] = `favicon-${hash}.svg`;
  await copyFile("assets/favicon.svg", join(fresh, manifest["favicon.svg"]));
  await writeFile(join(fresh, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

  const outputs = new Map(Object.entries(result.metafile.outputs).map(([path, out]) => [basename(path), out]));
  const home = await gzipped(fresh, reach(outputs, manifest["home.js"]));
  const style = await gzipped(fresh, [manifest["site.css"]]);
  const note = await gzipped(fresh, reach(outputs, manifest["note.js"]));
  const later = [...outputs].find(([, output]) => output.entryPoint?.endsWith("/rich-field.ts"))[0];
  const scripts = new Set([...reach(outputs, manifest["editor.js"]), ...reach(outputs, later)]);
  const editor = await gzipped(fresh, [...scripts, manifest["editor.css"]]);
  console.log(`home ${kib(home)}, note ${kib(note)}, editor ${kib(editor)}, style ${kib(style)} (gzip)`);
  if (home > HOME_SCRIPT_LIMIT) throw new Error(`the home page's script is over its budget: ${kib(home)}`);
  if (style > STYLE_LIMIT) throw new Error(`the style sheet is over its budget: ${kib(style)}`);
  if (editor > EDITOR_PAGE_LIMIT) throw new Error(`the editor's page is over its budget: ${kib(editor)}`);
  await rm("dist", { recursive: true, force: true });
  await rename(fresh, "dist");
}

/** A script and everything that it imports statically. */
function reach(outputs, name, seen = new Set()) {
  if (seen.has(name)) return [...seen];
  seen.add(name);
  for (const each of outputs.get(name).imports) {
    if (each.kind === "import-statement") reach(outputs, basename(each.path), seen);
  }
  return [...seen];
}

async function gzipped(folder, names) {
  let size = 0;
  for (const name of names) size += gzipSync(await readFile(join(folder, name)), { level: 9 }).length;
  return size;
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
