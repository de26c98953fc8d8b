import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist');

/** What bundled CommonJS dependencies expect to find. */
const COMMONJS_GLOBALS = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const __dirname = import.meta.dirname;`;

/** The program as it is shipped. */
export const BUNDLE = join(OUT, 'main.js');

/**
 * Bundles the program into `dist/`: one file for each command and their common parts, loaded when used, so that a
 * controller does not carry the simulator in memory. The optional native parts of ssh2 are left out, and ssh2 goes on without them.
 */
export async function buildBundle(): Promise<void> {
  await rm(OUT, { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts'],
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'linked',
    external: ['cpu-features', '*.node'],
    banner: { js: COMMONJS_GLOBALS },
    logLevel: 'warning',
  });
  await chmod(BUNDLE, 0o755);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildBundle();
  console.log(`built ${BUNDLE}`);
}
