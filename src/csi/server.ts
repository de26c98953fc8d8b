/** Serves CSI services on a unix socket. */
import { chmod } from 'node:fs/promises';
import { createServer, type Server as Listener } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { addTo, type Implementation, type Interceptor } from './grpc-binding.ts';
import { claimSocket, socketPath } from './socket.ts';

/** The default of Go's gRPC clients, which refuse a longer answer; requests are far smaller. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * kubelet connects again for each call, and a sidecar once. A client that leaks connections takes 17 KiB of memory with each, so
 * further ones are closed at once, and the client hears UNAVAILABLE. Old ones stay: a sidecar ends when it loses its connection.
 */
const MAX_CONNECTIONS = 512;

/** kubelet runs as root; sidecars may have another uid, and reach the socket through the group (fsGroup of the pod). */
const SOCKET_MODE = 0o660;

/** What to serve, and where. */
export interface ServeOptions {
  /** `unix:///path`. */
  readonly endpoint: string;
  readonly services: readonly Implementation[];
  /** Run around every RPC, the first outermost. */
  readonly interceptors?: readonly Interceptor[];
}

/** A server that accepts calls. */
export interface RunningServer {
  /** Absolute path of the socket. */
  readonly path: string;
  /**
   * Accepts no more calls, waits for running ones, then for at most `graceMs` (10 s by default), then aborts them. The
   * socket is gone afterwards. Further calls return the same promise.
   */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Binds the socket and serves; a method without a handler answers UNIMPLEMENTED.
 *
 * A client that sends a socket path as `:authority`, as kubelet did before Kubernetes 1.26
 * (https://github.com/kubernetes/kubernetes/pull/112597), gets PROTOCOL_ERROR from Node's HTTP/2 before any code of
 * ours runs. Nothing can be done about that here, so 1.26 is the oldest that works.
 *
 * @throws Error naming what is wrong with the endpoint, or that another process serves it.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const path = socketPath(options.endpoint);
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
  for (const service of options.services) addTo(server, service, options.interceptors ?? []);
  await claimSocket(path);
  // The listener of gRPC itself accepts any number.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((connection) => injector.injectConnection(connection));
  listener.maxConnections = MAX_CONNECTIONS;
  await bind(listener, path);
  await chmod(path, SOCKET_MODE).catch((error: unknown) => {
    listener.close();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    path,
    stop(graceMs = 10_000) {
      stopped ??= stop(listener, server, graceMs);
      return stopped;
    },
  };
}

function bind(listener: Listener, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error) => reject(new Error(`cannot bind "${path}": ${error.message}`, { cause: error })));
    listener.listen(path, resolve);
  });
}

/** Closing a listener of Node removes its socket file, and ends when the last of its connections has. */
function stop(listener: Listener, server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const impatience = setTimeout(() => server.forceShutdown(), graceMs);
    listener.close((error) => {
      clearTimeout(impatience);
      if (error) reject(error);
      else resolve();
    });
    // It takes no more calls; that it has ended says nothing about connections that it did not accept itself.
    server.tryShutdown(() => undefined);
  });
}
