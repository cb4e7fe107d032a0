import type { CallgateEvent, CallStateResponse } from '@callgate/contract';
import type { CallApi } from '../api/call-api.ts';
import { RequestFailure } from '../api/request.ts';
import type { ActivityLog } from './activity-log.ts';
import type { Holder } from './holder.ts';
import { lineOf, mayLetIn, mustReadAgain, reduceEvent } from './reduce.ts';

/** How long a reaction is shown, in milliseconds. */
const REACTION_MS = 4_000;
/** The call is read again at most so often, in milliseconds: a user has 60 requests a minute. */
const READ_EVERY_MS = 1_500;

/** What comes in: events, and the call as the server answers it. */
export interface News {
  hear(event: CallgateEvent): void;
  show(call: CallStateResponse): void;
  /** Reads call and requests anew, and watches again; a refusal stands in the state. */
  readCall(): Promise<void>;
  readRequests(): Promise<void>;
}

interface Parts {
  holder: Holder;
  api: CallApi;
  log: ActivityLog;
  ownId: string;
  /** This person is out of the call, by an event. */
  putOut(): void;
}

export function createNews({ holder, api, log, ownId, putOut }: Parts): News {
  const { read, set } = holder;
  let isReadingSoon = false;
  let reactions = 0;
  /** Why the call could not be read; shown as a refusal until it can, while that of a join stands until something changes for it. */
  let unread: string | undefined;
  /** Events so far. */
  let heard = 0;

  const show: News['show'] = ({ call, members, own_capabilities: rights }) =>
    set({ call, members, rights: new Set(rights) });
  /**
   * An answer may be older than an event that came while it was on its way, and would undo it: then it is read again at
   * once, and where it is late again, soon.
   */
  const newest = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    for (let tries = 0; ; tries++) {
      const before = heard;
      const answer = await ask();
      if (heard === before) return answer;
      if (tries > 0) {
        readSoon();
        return answer;
      }
    }
  };
  const readRequests = async (): Promise<void> =>
    set({ requests: (await newest(api.requests)).permission_requests });
  const readCall = async (): Promise<void> => {
    try {
      show(await newest(() => api.getCall(read().connectionId)));
      if (read().refusal === unread) set({ refusal: undefined });
      if (read().phase === 'in') await readRequests();
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      unread = error.message;
      set({ refusal: unread });
    }
  };
  const readSoon = (): void => {
    if (isReadingSoon) return;
    isReadingSoon = true;
    setTimeout(() => {
      isReadingSoon = false;
      void readCall();
    }, READ_EVERY_MS);
  };

  const showReaction = ({ reaction }: Extract<CallgateEvent, { type: 'call.reaction_new' }>): void => {
    const { type: kind, user } = reaction;
    reactions += 1;
    const id = reactions;
    set({ reactions: [...read().reactions, { id, userId: user.id, name: user.name ?? user.id, kind }] });
    setTimeout(() => set({ reactions: read().reactions.filter((one) => one.id !== id) }), REACTION_MS);
  };
  /** An act of this page has a line already, with its outcome. */
  const isOwnAct = (event: CallgateEvent): boolean =>
    event.type === 'call.user_muted'
      ? event.muted_by_id === ownId
      : 'actor' in event && event.actor?.id === ownId;

  return {
    show,
    readCall,
    readRequests,
    hear(event) {
      if (event.type === 'call.reaction_new') {
        showReaction(event);
        return;
      }
      heard += 1;
      const before = read();
      const line = lineOf(before, event);
      const known = mayLetIn(event) ? { ...before, refusal: undefined } : before;
      set(reduceEvent(known, event, { userId: ownId }));
      if (line && !isOwnAct(event)) log.tell(line.text, line.userId);
      const isOut = read().phase === 'gone';
      if (isOut && before.phase !== 'gone') putOut();
      if (mustReadAgain(event) && !isOut) readSoon();
    },
  };
}
