import { chmod, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist');
const PAGE = 'src/web-console/page';

/** What bundled CommonJS dependencies expect to find. */
export const COMMONJS_GLOBALS = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const __dirname = import.meta.dirname;`;

/** The program as it is shipped. */
export const BUNDLE = join(OUT, 'main.js');

/**
 * Bundles the program into `dist/`: one file for each command and their common parts, loaded when used, so that a
 * controller does not carry the simulator in memory.
 *
 * @param directory where to, instead of `dist/`; what is there is removed.
 * @param main another program, for a test that measures a part of it.
 * @returns the path of the program.
 */
export async function buildBundle(directory = OUT, main = 'src/main.ts'): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: { main, 'console-reader': 'src/web-console/command/reader-thread.ts' },
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Node.js keeps the source in memory; names stay, and lines stay short enough for a stack trace to point at something.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200,
    legalComments: 'linked',
    // Optional parts of ssh2, and what gRPC loads for services of its own that no one serves here.
    external: ['cpu-features', '*.node', '@grpc/proto-loader'],
    banner: { js: COMMONJS_GLOBALS },
    logLevel: 'warning',
  });
  await buildPage(join(directory, 'console'));
  const program = join(directory, 'main.js');
  await chmod(program, 0o755);
  return program;
}

/** Bundles what browsers load of `rose-csi console`. @param directory where to. */
export async function buildPage(directory: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: { page: join(PAGE, 'main.tsx') },
    outdir: directory,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    // Browsers of 2024: those that know light-dark() in styles.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg']) await copyFile(join(ROOT, PAGE, file), join(directory, file));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(`built ${await buildBundle()}`);
}
