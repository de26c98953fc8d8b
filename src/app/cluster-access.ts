import type { ClusterFlags } from '../cli/flags.ts';
import type { Access } from '../kubernetes/access.ts';

/**
 * The cluster that --kubeconfig and --context name, else the one that this process runs in, else that of `KUBECONFIG` or
 * `~/.kube/config`.
 *
 * @throws KubernetesError when there is none.
 */
export async function accessFor({ kubeconfig, context }: ClusterFlags): Promise<Access> {
  if (kubeconfig === undefined && context === undefined) {
    const { inClusterAccess } = await import('../kubernetes/access.ts');
    const inCluster = await inClusterAccess();
    if (inCluster !== undefined) return inCluster;
  }
  const { kubeconfigAccess } = await import('../kubernetes/kubeconfig.ts');
  return kubeconfigAccess(kubeconfig, context);
}
