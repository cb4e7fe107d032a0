import { OPERATIONS } from '@callgate/contract';
import { type FuzzCase, validCase } from './cases.ts';

const deletion = (id: 'deleteRole' | 'deleteCallType', contentType: string): FuzzCase => ({
  ...validCase(OPERATIONS[id]),
  how: 'header',
  headers: { 'content-type': contentType },
});

/**
 * Requests that were once answered wrongly, sent first in every run. What HTTP itself got wrong (no `Host`, an
 * unknown `Expect`) stands in framing.test.ts.
 */
export const CORPUS: readonly FuzzCase[] = [
  // 415 was no documented error of deletions without a body.
  deletion('deleteRole', 'application/json, application/json'),
  deletion('deleteCallType', 'text/plain'),
];
