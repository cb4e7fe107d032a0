import type { Static, TSchema } from 'typebox';
import { appOperations } from './operations/app.ts';
import { callTypeOperations } from './operations/call-types.ts';
import { callOperations } from './operations/calls.ts';
import { moderationOperations } from './operations/moderation.ts';
import type { Operation } from './operations/operation.ts';
import { playLinkOperations } from './operations/play-links.ts';
import { ringingOperations } from './operations/ringing.ts';
import { userOperations } from './operations/users.ts';
import { webhookOperations } from './operations/webhooks.ts';

export * from './operations/operation.ts';

/** Every operation of the REST API by its id: routes, OpenAPI, reference and SDKs are made from this table. */
export const OPERATIONS = {
  ...appOperations,
  ...userOperations,
  ...callTypeOperations,
  ...callOperations,
  ...moderationOperations,
  ...ringingOperations,
  ...webhookOperations,
  ...playLinkOperations,
} as const;

export type OperationId = keyof typeof OPERATIONS;
/** The same as a list, in the order of the documentation. */
export const OPERATION_LIST: readonly Operation[] = Object.values(OPERATIONS);

type PartOf<
  Id extends OperationId,
  Part extends 'body' | 'params' | 'query',
> = (typeof OPERATIONS)[Id] extends { readonly [P in Part]: infer S extends TSchema } ? Static<S> : undefined;

/** The types of one operation's body, path, query and answer. */
export type BodyOf<Id extends OperationId> = PartOf<Id, 'body'>;
export type ParamsOf<Id extends OperationId> = PartOf<Id, 'params'>;
export type QueryOf<Id extends OperationId> = PartOf<Id, 'query'>;
export type ResultOf<Id extends OperationId> = Static<(typeof OPERATIONS)[Id]['success']['schema']>;
