import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { CACHE } from './cache.ts';
import { answer } from './commands.ts';
import { KUBERNETES } from './versions.ts';

const COMMITTED = join(import.meta.dirname, 'go/kubernetes');

/** A module from which the programs of one Kubernetes are built. */
export interface KubernetesModule {
  /** Such as `1.35.4`. */
  readonly version: string;
  readonly directory: string;
  /** Whether its go.mod and go.sum are those of the checkout, so that nothing may change in them. */
  readonly isPinned: boolean;
}

/**
 * The module of a Kubernetes: that of the checkout, or one that is made in the cache for another version. Kubernetes cannot
 * be built as a dependency without a `replace` for each of its parts, which are published with their own version numbers.
 *
 * @param wanted `1.33` for the newest of them that the module proxy has, or `1.33.6`.
 */
export async function kubernetesModule(wanted: string = KUBERNETES): Promise<KubernetesModule> {
  if (!/^1\.\d+(\.\d+)?$/.test(wanted)) throw new Error(`${wanted} is no version of Kubernetes such as 1.33 or 1.33.6`);
  if (KUBERNETES === wanted || KUBERNETES.startsWith(`${wanted}.`)) {
    return { version: KUBERNETES, directory: COMMITTED, isPinned: true };
  }
  const query = ['mod', 'download', '-json', `k8s.io/kubernetes@v${wanted}`];
  const found = z
    .looseObject({ Version: z.string(), GoMod: z.string() })
    .parse(JSON.parse(await answer('go', query, { cwd: COMMITTED })));
  const version = found.Version.replace(/^v/, '');
  const directory = join(CACHE, 'modules', `kubernetes-${version}`);
  mkdirSync(directory, { recursive: true });
  const text = moduleText(version, readFileSync(found.GoMod, 'utf8'));
  const file = join(directory, 'go.mod');
  // What the builds before have written into it stays, unless it came about differently.
  const origin = join(directory, 'origin');
  if (readIfThere(origin) !== text) {
    writeFileSync(file, text);
    writeFileSync(origin, text);
  }
  return { version, directory, isPinned: false };
}

/** The go.mod for a Kubernetes. @param upstream its own go.mod, which names its parts. */
export function moduleText(version: string, upstream: string): string {
  const go = /^go (\S+)$/m.exec(upstream)?.[1];
  const parts = [...upstream.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\//gm)].map(([, name]) => name).sort();
  if (go === undefined || parts.length === 0) throw new Error(`the go.mod of Kubernetes ${version} is of another form`);
  const part = version.replace(/^1\./, '0.');
  const replaces = parts.map((name) => `\t${name} => ${name} v${part}\n`).join('');
  return `module rose-csi/test/cluster/kubernetes\n\ngo ${go}\n\nrequire k8s.io/kubernetes v${version}\n\nreplace (\n${replaces})\n`;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
