import { access as canRead, readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';

/** The way to an API server. */
export interface Access {
  /** Its base address, e.g. `https://10.96.0.1:443`. */
  readonly server: string;
  /** The namespace of whoever asks; undefined when it is not known. */
  readonly namespace: string | undefined;
  /** Who asks, and whom to trust. Asked before every request, so that rotated tokens take effect. */
  credentials(): Promise<RequestOptions>;
}

/** Where kubelet puts the service account of a pod. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The service account of the pod that this process runs in; undefined outside of a cluster, or in a pod without a token.
 *
 * Read here rather than by the client library, which takes 36 MB of memory, and a controller always runs in a cluster.
 *
 * @param root where the files are; replaced in tests
 */
export async function inClusterAccess(
  env: Readonly<Record<string, string | undefined>> = process.env,
  root = SERVICE_ACCOUNT,
): Promise<Access | undefined> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const tokenFile = join(root, 'token');
  if (host === '' || !(await isReadable(tokenFile))) return undefined;
  const namespace = await readFile(join(root, 'namespace'), 'utf8').catch(() => '');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim() || undefined,
    async credentials() {
      const [token, ca] = await Promise.all([readFile(tokenFile, 'utf8'), readFile(join(root, 'ca.crt'))]);
      return { ca, headers: { authorization: `Bearer ${token.trim()}` } };
    },
  };
}

async function isReadable(file: string): Promise<boolean> {
  return await canRead(file).then(
    () => true,
    () => false,
  );
}
