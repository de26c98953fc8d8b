import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Access } from './access.ts';
import { KubernetesError } from './cluster.ts';

/**
 * The way to the cluster of a kubeconfig: certificates, tokens, commands and OpenID as kubectl knows them. This module
 * brings a large library along; import it only when a kubeconfig is used.
 *
 * @param file by default what `KUBECONFIG` names, or `~/.kube/config`
 * @param context by default the current one
 * @throws KubernetesError when there is no such file or context.
 */
export function kubeconfigAccess(file?: string, context?: string): Access {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    throw new KubernetesError(`no kubeconfig: ${messageOf(cause)}`, undefined, { cause });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  // Without any file the library makes up a cluster on this machine.
  if (cluster === null || config.getCurrentContext() === 'loaded-context') {
    throw new KubernetesError(
      file === undefined && context === undefined
        ? 'there is no kubeconfig: give --kubeconfig, or set KUBECONFIG'
        : `${file ?? 'the kubeconfig'} has no context ${context ?? config.getCurrentContext() ?? ''}`.trimEnd(),
    );
  }
  if (cluster.server.startsWith('http://') && cluster.skipTLSVerify !== true) {
    return { server: cluster.server, namespace, credentials: async () => withoutTls(cluster.server) };
  }
  return {
    server: cluster.server,
    namespace,
    async credentials() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return options;
    },
  };
}

/**
 * What goes along on a connection that anyone in between can read: nothing. `kubectl proxy` adds it.
 *
 * @throws KubernetesError when the server is not on this machine.
 */
function withoutTls(server: string): RequestOptions {
  const { hostname } = new URL(server);
  if (hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)) return {};
  throw new KubernetesError(
    `${server} is not encrypted; without TLS only a server on this machine is asked, such as that of kubectl proxy`,
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
