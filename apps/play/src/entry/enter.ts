import type { ExchangePlayLinkResponse } from '@callgate/contract';
import { RequestFailure, request } from '../api/request.ts';
import { takeLink } from './link.ts';
import { keepPass, keptPass, type Pass, passOf } from './pass.ts';

/** How this page came to be somebody, or why not. */
export type Entry = { pass: Pass } | { problem: 'no-link' | 'refused' | 'unreachable'; message: string };

/** Uses the link of the address, else goes on with what this tab kept. */
export async function enter(): Promise<Entry> {
  const link = takeLink();
  const kept = keptPass();
  if (!link) return kept ? { pass: kept } : { problem: 'no-link', message: '' };
  try {
    const reply = await request<ExchangePlayLinkResponse>(
      { apiKey: link.apiKey, token: undefined },
      { method: 'POST', path: '/play/exchange', body: { secret: link.secret } },
    );
    const pass = passOf(link.apiKey, reply);
    keepPass(pass);
    return { pass };
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    return { problem: error.status === 0 ? 'unreachable' : 'refused', message: error.message };
  }
}
