/**
 * Typed gRPC handlers from a protobuf-es service: messages in and out, an `AbortSignal` and a deadline, every error
 * through {@link toStatus}. Unary methods only: no other kind is offered.
 */
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { handleUnaryCall, MethodDefinition, Server, ServerUnaryCall } from '@grpc/grpc-js';
import type { Call } from '../storage/call.ts';
import { toStatus } from './status.ts';

/** The caller of an RPC. */
export type CallContext = Call;

/** The unary methods of a service, by their local (camelCase) names. */
export type UnaryNames<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K]['methodKind'] extends 'unary' ? K : never;
}[keyof S['method']];

/** Answers one RPC. What it throws becomes the status. */
type Handler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  call: CallContext,
) => Promise<MessageInitShape<O>>;

/** Handlers of a service; a method left out answers UNIMPLEMENTED. */
export type Handlers<S extends DescService> = {
  readonly [K in UnaryNames<S>]?: Handler<S['method'][K]['input'], S['method'][K]['output']>;
};

/** A service with its handlers, ready to be served. */
export interface Implementation {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, Handler<DescMessage, DescMessage> | undefined>>;
}

/** One call on its way to its handler. */
export interface Rpc {
  readonly method: DescMethod;
  readonly request: Message;
  readonly call: CallContext;
  /** The first value of a text header (gRPC metadata) that the caller sent. */
  header(name: string): string | undefined;
}

/** Runs around every handler: for logs and counts. Passes on what `next` returns or throws. */
export type Interceptor = (rpc: Rpc, next: () => Promise<Message>) => Promise<Message>;

/** Pairs a service with its handlers. The only place where their types are forgotten: gRPC looks methods up by name. */
export function implement<S extends DescService>(service: S, handlers: Handlers<S>): Implementation {
  return { service, handlers: handlers as Implementation['handlers'] };
}

/** gRPC's own description of a method: its path and how its messages are coded. */
export function methodDefinition(method: DescMethod): MethodDefinition<Message, Message> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => Buffer.from(toBinary(method.input, message)),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

/** Adds an implementation to a server, inside the interceptors, the first of them outermost. */
export function addTo(server: Server, implementation: Implementation, interceptors: readonly Interceptor[]): void {
  const { service, handlers } = implementation;
  const unary = service.methods.filter((method) => method.methodKind === 'unary');
  const definition = Object.fromEntries(unary.map((method) => [method.localName, methodDefinition(method)]));
  const implemented = unary.flatMap((method) => {
    const handler = handlers[method.localName];
    return handler ? [[method.localName, grpcHandler(method, handler, interceptors)] as const] : [];
  });
  server.addService(definition, Object.fromEntries(implemented));
}

function grpcHandler(
  method: DescMethod,
  handler: Handler<DescMessage, DescMessage>,
  interceptors: readonly Interceptor[],
): handleUnaryCall<Message, Message> {
  return (grpcCall, callback) => {
    const { call, release } = contextOf(grpcCall);
    const header: Rpc['header'] = (name) => grpcCall.metadata.get(name)[0]?.toString();
    const rpc: Rpc = { method, request: grpcCall.request, call, header };
    const innermost = async () => create(method.output, await handler(rpc.request, call));
    const run = interceptors.reduceRight<() => Promise<Message>>(
      (next, interceptor) => async () => interceptor(rpc, next),
      innermost,
    );
    run()
      .then(
        (reply) => callback(null, reply),
        (error: unknown) => callback(toStatus(error)),
      )
      .finally(release);
  };
}

/** A caller cancels at its own deadline, which is earlier than ours by the time the request took to arrive. */
const TRANSIT_MS = 100;

/**
 * The signal of a call fires when the caller cancels or its connection breaks (reason `AbortError`), or when its
 * deadline passes (`TimeoutError`).
 */
function contextOf(grpcCall: ServerUnaryCall<Message, Message>): { call: CallContext; release: () => void } {
  const stop = new AbortController();
  const deadline = Number(grpcCall.getDeadline());
  const onCancelled = () => {
    const late = Date.now() >= deadline - TRANSIT_MS;
    const text = late ? 'the deadline of the caller passed' : 'the caller went away';
    stop.abort(new DOMException(text, late ? 'TimeoutError' : 'AbortError'));
  };
  grpcCall.once('cancelled', onCancelled);
  if (grpcCall.cancelled) onCancelled();
  // grpc-js says "cancelled" also when the stream of a finished call closes.
  const release = () => grpcCall.removeListener('cancelled', onCancelled);
  const call = Number.isFinite(deadline) ? { signal: stop.signal, deadline } : { signal: stop.signal };
  return { call, release };
}
