import { setTimeout as pause } from 'node:timers/promises';
import { between, pick } from '../crash/random.ts';
import type { Listener, Return } from './listener.ts';
import type { Stage } from './stage.ts';

/** How a socket ends in the test. */
const ENDINGS = ['cut', 'cut', 'held and cut', 'cut at a reply', 'cut at a reply', 'taken over'] as const;
/** A random instant lies within so many milliseconds; an act takes about two. */
const INSTANT_MS = 30;
const RESUMED = 0.75;
/** A client that does not come back at once does so within so many milliseconds. */
const AWAY_MS = 80;

/** What happens to one client in one round: its socket ends again and again, and it comes back. */
export async function live(listener: Listener, stage: Stage, random: () => number): Promise<void> {
  const watching: Promise<boolean>[] = [];
  for (let times = between(random, 2, 5); times > 0; times--) {
    if (random() < 0.7) await pause(random() * INSTANT_MS);
    await end(listener, stage, random);
    if (random() < 0.5) await pause(random() * AWAY_MS);
    const fresh: readonly Return[] = ['without a cursor', 'with a bad cursor'];
    await listener.connect(random() < RESUMED ? 'resume' : pick(random, fresh));
    // Half of the time the next end comes while watching is still being asked for.
    const asked = listener.watchAll();
    if (random() < 0.5) await asked;
    else watching.push(asked);
  }
  await Promise.all(watching);
}

async function end(listener: Listener, stage: Stage, random: () => number): Promise<void> {
  const ending = pick(random, ENDINGS);
  const how = pick<'reset' | 'end'>(random, ['reset', 'end']);
  stage.count(ending);
  if (ending === 'cut at a reply') {
    // The act is committed and answered; what is told of it is on its way at best.
    await new Promise<void>((resolve) => {
      stage.onReply(() => {
        listener.cut(how);
        resolve();
      });
    });
    return;
  }
  if (ending === 'held and cut') {
    listener.hold();
    await pause(random() * INSTANT_MS);
  }
  if (ending !== 'taken over') listener.cut(how);
}
