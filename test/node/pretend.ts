import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Puts a program before that of this machine, for all that this process starts. */
export function pretend(t: TestContext, name: string, script: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-pretend-'));
  const before = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = before;
    rmSync(directory, { recursive: true });
  });
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
  process.env['PATH'] = `${directory}:${before}`;
}
