/** A typed client of a protobuf-es service over gRPC, for tests, the demo and the benchmarks. */
import {
  create,
  type DescMethod,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { credentials, Client as GrpcClient, Metadata } from '@grpc/grpc-js';
import { methodDefinition, type UnaryNames } from '../../src/csi/grpc-binding.ts';

/** How long to wait for an answer. */
export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call fails with DEADLINE_EXCEEDED; none without it. */
  readonly timeoutMs?: number;
  /** Text headers (gRPC metadata) to send, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One function for each unary method. Each rejects with the `ServiceError` of grpc-js (`code`, `details`). */
export type Client<S extends DescService> = {
  readonly [K in UnaryNames<S>]: (
    request: MessageInitShape<S['method'][K]['input']>,
    options?: CallOptions,
  ) => Promise<MessageShape<S['method'][K]['output']>>;
} & {
  /** Closes the connection; the process can end. */
  close(): void;
};

/** @param address a gRPC target, e.g. `unix:///csi/csi.sock`. Connects with the first call. */
export function createClient<S extends DescService>(service: S, address: string): Client<S> {
  const channel = new GrpcClient(address, credentials.createInsecure());
  const unary = service.methods.filter((method) => method.methodKind === 'unary');
  const calls = unary.map((method) => [method.localName, unaryCall(channel, method)] as const);
  return { ...Object.fromEntries(calls), close: () => channel.close() } as unknown as Client<S>;
}

function unaryCall(channel: GrpcClient, method: DescMethod) {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method);
  return (request: MessageInitShape<typeof method.input>, options: CallOptions = {}): Promise<Message> =>
    new Promise((resolve, reject) => {
      const { signal, timeoutMs, headers } = options;
      signal?.throwIfAborted();
      const call = channel.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        create(method.input, request),
        metadataOf(headers),
        timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
        (error, reply) => {
          signal?.removeEventListener('abort', cancel);
          if (reply) resolve(reply);
          else reject(error);
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
}

function metadataOf(headers: CallOptions['headers'] = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
