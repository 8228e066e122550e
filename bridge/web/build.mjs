// Bundles the pages into dist/, which the bridge serves under /static/.
//   node build.mjs            production bundles
//   node build.mjs --watch    rebuild on change, with source maps
//   node build.mjs --benchmarks  bundle benchmarks/*.ts into build/benchmarks/
//   node build.mjs --tests    bundle test/**/*.test.ts into build/tests/, for `node --test`
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { context, build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const watch = process.argv.includes("--watch");

/** Pages, and the folder of each below src/. */
const PAGES = { index: "index", capture: "capture", viewer: "viewer", learn: "headset" };

/** Third-party packages that end up inside the bundles, and so travel with their licences. */
const BUNDLED = ["three"];

const common = { absWorkingDir: root, bundle: true, format: "esm", logLevel: "warning" };

/** What runs under node: every file of a folder whose name ends so. */
async function buildForNode(folder, ending, outdir) {
  await rm(outdir, { recursive: true, force: true });
  const files = await readdir(join(root, folder), { recursive: true });
  await build({
    ...common,
    entryPoints: files.filter((file) => file.endsWith(ending)).map((file) => join(folder, file)),
    outdir,
    outbase: folder,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node20",
    sourcemap: "inline",
  });
}

/** The one script that also runs where the pages' own do not. */
async function buildOldBrowser(outdir) {
  await build({
    ...common,
    entryPoints: [{ in: "src/ui/old_browser.ts", out: "old_browser" }],
    outdir,
    format: "iife",
    // Fails on what cannot be said in ES5.
    target: "es5",
    minify: !watch,
  });
}

async function writeLicences(outdir) {
  const texts = await Promise.all(
    BUNDLED.map(async (name) => {
      const folder = join(root, "node_modules", name);
      const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      return `${name} ${version}\n\n${await readFile(join(folder, "LICENSE"), "utf8")}`;
    }),
  );
  await writeFile(join(outdir, "THIRD_PARTY.txt"), texts.join("\n---\n\n"));
}

async function buildPages() {
  const outdir = join(root, "dist");
  await rm(outdir, { recursive: true, force: true });
  const options = {
    ...common,
    // One script and one style sheet a page, named after it.
    entryPoints: Object.entries(PAGES).flatMap(([page, folder]) => [
      { in: `src/${folder}/main.ts`, out: page },
      { in: `src/${folder}/${folder}.css`, out: page },
    ]),
    outdir,
    target: ["es2022", "chrome100", "firefox102", "safari15.4"],
    minify: !watch,
    sourcemap: watch,
    legalComments: "none",
  };
  const copyAssets = async () => {
    await cp(join(root, "src/ui/icon.svg"), join(outdir, "icon.svg"));
    await buildOldBrowser(outdir);
    await writeLicences(outdir);
  };
  if (watch) {
    await (await context(options)).watch();
    await copyAssets();
  } else {
    await build(options);
    await copyAssets();
  }
}

if (process.argv.includes("--tests")) {
  await buildForNode("test", ".test.ts", join(root, "build/tests"));
} else if (process.argv.includes("--benchmarks")) {
  await buildForNode("benchmarks", ".ts", join(root, "build/benchmarks"));
} else {
  await buildPages();
}
