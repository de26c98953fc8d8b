import type { Connection } from 'ssh2';

type GlobalRequestHandler = (protocol: unknown, name: string, wantReply: boolean, data: unknown) => void;

/**
 * Leaves `keepalive@openssh.com` unanswered, as the device does (docs/routeros.md, 1.1). ssh2 has no option for it and
 * would answer with a failure, which clients take for a sign of life; so its handler of global requests is wrapped.
 *
 * @throws Error when ssh2 has changed inside, so that no one tests against a server that answers.
 */
export function ignoreKeepalives(connection: Connection): void {
  const inside = connection as unknown as {
    readonly _protocol?: { readonly _handlers?: { GLOBAL_REQUEST?: GlobalRequestHandler } };
  };
  const handlers = inside._protocol?._handlers;
  const answer = handlers?.GLOBAL_REQUEST;
  if (handlers === undefined || answer === undefined) throw new Error('this ssh2 cannot leave keepalives unanswered');
  handlers.GLOBAL_REQUEST = (protocol, name, wantReply, data) => {
    if (name !== 'keepalive@openssh.com') answer(protocol, name, wantReply, data);
  };
}
