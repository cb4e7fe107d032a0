import type { BodyOf, OperationId, ParamsOf, QueryOf } from '@callgate/contract';
import type { ActReply, ActRequest } from '../features/enforcement/index.ts';
import type { Caller } from '../features/policy/index.ts';
import type { TaskItems } from '../features/tasks/index.ts';

/** A checked request: everything is of the types that the contract's schemas say. */
export interface Input<Id extends OperationId> {
  /** What acts are performed with. */
  request: ActRequest;
  caller: Caller;
  /** `ws://` or `wss://` with the host by which the caller reaches this server. */
  door: string;
  params: ParamsOf<Id>;
  /** Every value is text. */
  query: QueryOf<Id>;
  body: BodyOf<Id>;
  /** The ids of a bulk request that was too long to be read here; `body.user_ids` is empty then. */
  items?: TaskItems;
}

/** A long reply that is sent piece by piece as the client reads. */
export interface StreamReply {
  contentType: string;
  chunks: AsyncIterable<string>;
}

/** What a handler answers: an act's reply, the body of a read, or a stream. `duration` is added on the way out. */
export type Answer = ActReply<object> | StreamReply | object;

/**
 * Serves an operation of the contract. Method, path, schemas, status, limits and who may call come from its table;
 * the handler sees only requests that passed all of them. Each operation is served once.
 */
export type Route = <Id extends OperationId>(id: Id, handler: (input: Input<Id>) => Promise<Answer>) => void;

const streams = new WeakSet<StreamReply>();
/** Marks a reply that is sent piece by piece. */
export function streamReply(contentType: string, chunks: AsyncIterable<string>): StreamReply {
  const reply = { contentType, chunks };
  streams.add(reply);
  return reply;
}
export const isStreamReply = (answer: Answer): answer is StreamReply => streams.has(answer as StreamReply);
