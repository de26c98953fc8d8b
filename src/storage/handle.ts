import { isUuid } from './identity.ts';

/**
 * The ids that Kubernetes keeps: `<backend>:pvc-<uuid>` and `<backend>:snap-<uuid>`. DeleteSnapshot gets nothing but
 * the id, so it has to say by itself which RDS and which object.
 */
export interface Handle<Kind extends 'pvc' | 'snap' = 'pvc' | 'snap'> {
  readonly kind: Kind;
  readonly backend: string;
  readonly uuid: string;
}

/** Longest backend name that keeps a handle within the 128 bytes of CSI and a Kubernetes label value. */
export const BACKEND_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function printHandle(handle: Handle): string {
  return `${handle.backend}:${handle.kind}-${handle.uuid}`;
}

/** @returns undefined for everything that {@link printHandle} does not print. */
export function parseHandle<Kind extends 'pvc' | 'snap'>(kind: Kind, id: string): Handle<Kind> | undefined {
  const colon = id.indexOf(':');
  const backend = id.slice(0, Math.max(colon, 0));
  const object = id.slice(colon + 1);
  const uuid = object.slice(kind.length + 1);
  if (!BACKEND_NAME.test(backend) || !object.startsWith(`${kind}-`) || !isUuid(uuid)) {
    return undefined;
  }
  return { kind, backend, uuid };
}
