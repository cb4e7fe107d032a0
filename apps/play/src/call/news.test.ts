import type { CallgateEvent, CallStateResponse } from '@callgate/contract';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CallApi } from '../api/call-api.ts';
import { RequestFailure } from '../api/request.ts';
import { createActivityLog } from './activity-log.ts';
import { createHolder } from './holder.ts';
import { createNews } from './news.ts';

const REFUSED = 'The call is backstage.';
const ANSWER = { call: {}, members: [], own_capabilities: [] } as object as CallStateResponse;
const event = (type: string): CallgateEvent => ({ type, user: { id: 'hana' } }) as object as CallgateEvent;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The news of somebody before the call; `getCall` is what the server says when the page asks. */
function before(getCall: () => Promise<CallStateResponse>) {
  const holder = createHolder();
  const parts = { holder, log: createActivityLog(holder), ownId: 'sara', putOut: () => undefined };
  const asked = vi.fn(getCall);
  const news = createNews({ ...parts, api: { getCall: asked } as object as CallApi });
  return { holder, news, asked };
}

/** As `before`, of a server that answers nothing until it is back. */
function away() {
  let isAway = true;
  const found = before(async () => {
    if (isAway) throw new RequestFailure(0, 0, 'Nothing was answered.');
    return ANSWER;
  });
  const back = (): void => {
    isAway = false;
  };
  return { ...found, back };
}

test('[PLY29] a refused join is shown until something changes that may let them in, however often the call is read', async () => {
  const { holder, news, asked } = before(async () => ANSWER);
  holder.set({ phase: 'lobby', refusal: REFUSED });
  news.hear(event('call.session_started'));
  await vi.runAllTimersAsync();
  expect([asked.mock.calls.length, holder.read().refusal]).toEqual([1, REFUSED]);
  news.hear(event('call.live_started'));
  expect(holder.read().refusal).toBeUndefined();
});

test('[PLY29] that the call cannot be read is shown until it can', async () => {
  const { holder, news, back } = away();
  holder.set({ phase: 'lobby' });
  await news.readCall();
  expect(holder.read().refusal).toBe('Nothing was answered.');
  back();
  await news.readCall();
  expect(holder.read().refusal).toBeUndefined();
});

test('[PLY29] a join refused while the call could not be read is not forgotten once it can', async () => {
  const { holder, news, back } = away();
  await news.readCall();
  holder.set({ phase: 'lobby', refusal: REFUSED });
  back();
  await news.readCall();
  expect(holder.read().refusal).toBe(REFUSED);
});
