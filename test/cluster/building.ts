import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache.ts';
import { answer } from './commands.ts';
import { kubernetesModule } from './kubernetes-module.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { COMPILER_FLAGS, linkerFlags, PROGRAMS, type Program } from './programs.ts';

const GO = join(import.meta.dirname, 'go');
/** How often a build that goes on says so. */
const PULSE_MS = 30_000;

/** Reports the user how it goes, a line at a time. */
export type Say = (line: string) => void;

/** Where each program lies that was built. */
export interface Built {
  readonly kubernetes: string;
  /** @throws Error when it was not asked for. */
  path(name: string): string;
}

export interface BuildOptions {
  /** Version of Kubernetes; the pinned one unless given. */
  readonly kubernetes?: string;
  /** Programs beside {@link PROGRAMS}. */
  readonly also?: readonly Program[];
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** A program with all that decides what comes out. */
interface Recipe {
  readonly directory: string;
  readonly modules: 'readonly' | 'mod';
  readonly flags: string;
  readonly file: string;
}

/**
 * Builds every program from the Go module proxy, unless the same was built before: the same means module, sums, sources of
 * the test, flags and Go. The first time that takes half an hour of two cores.
 */
export async function build(say: Say, { also = [], signal, ...wanted }: BuildOptions = {}): Promise<Built> {
  const kubernetes = await kubernetesModule(wanted.kubernetes);
  const go = (await answer('go', ['version'])).trim();
  const recipes: (readonly [Program, Recipe])[] = [];
  for (const program of [...PROGRAMS, ...also]) {
    const isKubernetes = program.module === 'kubernetes';
    const recipe = recipeOf(program, {
      go,
      directory: isKubernetes ? kubernetes.directory : join(GO, program.module),
      modules: isKubernetes && !kubernetes.isPinned ? 'mod' : 'readonly',
      flags: linkerFlags(program, kubernetes.version),
    });
    recipes.push([program, recipe]);
  }
  if (missingOf(recipes).length > 0) await makeMissing(recipes, say, signal);
  return {
    kubernetes: kubernetes.version,
    path: (name) => {
      const [, recipe] = recipes.find(([program]) => program.name === name) ?? [];
      if (recipe === undefined) throw new Error(`${name} is no program of the cluster`);
      return recipe.file;
    },
  };
}

type Recipes = readonly (readonly [Program, Recipe])[];

function missingOf(recipes: Recipes): Recipes {
  return recipes.filter(([, { file }]) => !existsSync(file));
}

/** Whoever finds another process at it waits, and then makes what is still missing. */
async function makeMissing(recipes: Recipes, say: Say, signal?: AbortSignal): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const makeAll = async (): Promise<void> => {
    const missing = missingOf(recipes);
    for (const [index, [program, recipe]] of missing.entries()) {
      await make(program, recipe, (line) => say(`[${index + 1}/${missing.length}] ${program.name}: ${line}`), signal);
    }
  };
  await oneAtATime(join(CACHE, 'building'), makeAll, signal);
}

function recipeOf(program: Program, given: Omit<Recipe, 'file'> & { readonly go: string }): Recipe {
  const { directory, modules, flags, go } = given;
  const hash = createHash('sha256').update(JSON.stringify([program, COMPILER_FLAGS, flags, go]));
  // What is made in the cache has sums that grow with each build, from the same module.
  const sources = modules === 'mod' ? ['origin'] : globSync('**/*.{mod,sum,go}', { cwd: directory }).sort();
  for (const name of sources) hash.update(`${name}\n`).update(readFileSync(join(directory, name)));
  const file = join(CACHE, 'programs', `${program.name}-${hash.digest('hex').slice(0, 16)}`, program.name);
  return { directory, modules, flags, file };
}

async function make({ source, isTest }: Program, recipe: Recipe, say: Say, signal?: AbortSignal): Promise<void> {
  const { directory, modules, flags, file } = recipe;
  mkdirSync(join(file, '..'), { recursive: true });
  const begin = performance.now();
  const command = isTest ? ['test', '-c'] : ['build'];
  const seconds = () => `${Math.round((performance.now() - begin) / 1000)} s`;
  say('is built');
  const pulse = setInterval(() => say(`goes on, ${seconds()} so far`), PULSE_MS);
  try {
    const part = `${file}.part`;
    await answer('nice', ['go', ...command, '-trimpath', COMPILER_FLAGS, '-ldflags', flags, '-o', part, source], {
      cwd: directory,
      env: { CGO_ENABLED: '0', GOFLAGS: `-mod=${modules} -buildvcs=false` },
      ...(signal && { signal }),
    });
    renameSync(part, file);
    say(`took ${seconds()}`);
  } finally {
    clearInterval(pulse);
  }
}
