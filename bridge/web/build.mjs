// Bundles the pages into dist/, which the bridge serves under /static/.
//   node build.mjs            production bundles
//   node build.mjs --watch    rebuild on change, with source maps
//   node build.mjs --tests    bundle test/**/*.test.ts into build/tests/, for `node --test`
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { context, build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const watch = process.argv.includes("--watch");

const PAGES = ["index", "capture", "viewer"];

/** Third-party packages that end up inside the bundles, and so travel with their licences. */
const BUNDLED = ["three"];

const common = { absWorkingDir: root, bundle: true, format: "esm", logLevel: "warning" };

async function buildTests() {
  const outdir = join(root, "build/tests");
  await rm(outdir, { recursive: true, force: true });
  const files = await readdir(join(root, "test"), { recursive: true });
  await build({
    ...common,
    entryPoints: files
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => join("test", file)),
    outdir,
    outbase: "test",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node20",
    sourcemap: "inline",
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
    entryPoints: PAGES.flatMap((page) => [
      { in: `src/${page}/main.ts`, out: page },
      { in: `src/${page}/${page}.css`, out: page },
    ]),
    outdir,
    target: ["es2022", "chrome100", "firefox102", "safari15.4"],
    minify: !watch,
    sourcemap: watch,
    legalComments: "none",
  };
  const copyAssets = async () => {
    await cp(join(root, "src/ui/icon.svg"), join(outdir, "icon.svg"));
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

await (process.argv.includes("--tests") ? buildTests() : buildPages());
