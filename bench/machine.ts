import { arch, cpus, platform, release, totalmem } from 'node:os';

/** What the figures were measured on, in one line. */
export function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${processors.length} × ${model}, ${memory}, ${platform()} ${release()} ${arch()}, Node.js ${process.versions.node}`;
}
