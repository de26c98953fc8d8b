import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KubernetesError } from './cluster.ts';
import { kubeconfigAccess } from './kubeconfig.ts';

test('the server of kubectl proxy was refused in words about another setting', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-kubeconfig-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const credentials = async (server: string) => {
    const file = join(directory, 'config');
    const document = {
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 'secret' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(file, JSON.stringify(document));
    return await kubeconfigAccess(file).credentials();
  };
  for (const server of ['http://127.0.0.1:8001', 'http://localhost:8001', 'http://[::1]:8001']) {
    assert.deepEqual(await credentials(server), {}, 'no token goes along without TLS');
  }
  for (const server of ['http://192.0.2.1:8001', 'http://127.example.com', 'http://localhost.example.com']) {
    await assert.rejects(
      credentials(server),
      (error) => error instanceof KubernetesError && error.message.startsWith(`${server} is not encrypted`),
    );
  }
});
