import type { Act } from '../enforcement/index.ts';
import { endRing } from './ring.ts';
import { clearRing } from './ring-timers.ts';
import { type Callee, calleesOf, type RingRow, saveCallee } from './rings.store.ts';

/** Those that still wait for the person's answer; who missed one may answer while it goes on. */
export const openRings = (rings: readonly (RingRow & Callee)[]): (RingRow & Callee)[] =>
  rings.filter(({ ended_at, answered_at }) => ended_at === null && answered_at === null);

/** Writes one person's answer to all that rings them. A ring that everybody has answered is over. */
export async function answerRings(
  act: Act,
  rings: readonly (RingRow & Callee)[],
  answer: 'accepted' | 'rejected',
): Promise<void> {
  for (const ring of rings) {
    await saveCallee(act.tx, { ...ring, answer, answered_at: act.now });
    const callees = await calleesOf(act.tx, ring.id);
    if (callees.some(({ answered_at }) => answered_at === null)) continue;
    await endRing(act.tx, ring, 'answered', act.now);
    await clearRing(act.tx, ring);
  }
}
