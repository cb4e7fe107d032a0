import type { EnforcementResponse } from '@callgate/contract';
import { RequestFailure } from '../api/request.ts';
import type { Holder } from './holder.ts';
import { type ActivityLine, outcomeOf } from './state.ts';

/** Lines that are kept; what is older goes. */
const MOST_LINES = 100;

/** What an act answers, as far as the page tells it. */
export interface Reply {
  enforcement?: EnforcementResponse;
}

/** What happened, line by line. */
export interface ActivityLog {
  /** Something that somebody else did. */
  tell(text: string, userId: string | undefined): void;
  /** Does an act and tells what its reply said, or why it was refused; resolves with whether it worked. */
  act(text: string, work: () => Promise<Reply>, userId?: string): Promise<boolean>;
}

export function createActivityLog({ read, set }: Holder): ActivityLog {
  let lines = 0;
  const add = (line: Omit<ActivityLine, 'id'>): number => {
    lines += 1;
    set({ activity: [{ id: lines, ...line }, ...read().activity].slice(0, MOST_LINES) });
    return lines;
  };
  const settle = (id: number, change: Pick<ActivityLine, 'state' | 'kind' | 'outcome'>): void =>
    set({ activity: read().activity.map((line) => (line.id === id ? { ...line, ...change } : line)) });
  return {
    tell: (text, userId) => void add({ text, kind: 'others', outcome: undefined, state: 'done', userId }),
    async act(text, work, userId) {
      const id = add({ text, kind: 'mine', outcome: undefined, state: 'waiting', userId });
      try {
        const { enforcement } = await work();
        settle(id, { state: 'done', kind: 'mine', outcome: outcomeOf(enforcement) });
        return true;
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error;
        settle(id, { state: 'failed', kind: 'failed', outcome: error.message });
        return false;
      }
    },
  };
}
