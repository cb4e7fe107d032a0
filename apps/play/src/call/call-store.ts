import { type CallApi, callApi } from '../api/call-api.ts';
import { RequestFailure } from '../api/request.ts';
import { keepPass, type Pass } from '../entry/pass.ts';
import { type EventSocket, openEventSocket } from '../events/event-socket.ts';
import { type CallMedia, createMedia } from '../media/call-media.ts';
import { type ActivityLog, createActivityLog } from './activity-log.ts';
import { createHolder, type Holder } from './holder.ts';
import { createNews, type News } from './news.ts';
import type { CallState, GoneReason } from './state.ts';

/** What one wants to send on coming in. */
export interface Devices {
  microphone: boolean;
  camera: boolean;
}

/** The call as this page sees it, for any call type: what the server said, what was heard since, and what to do. */
export interface CallStore extends Pick<ActivityLog, 'act'>, Pick<Holder, 'read' | 'subscribe'> {
  readonly pass: Pass;
  readonly api: CallApi;
  readonly media: CallMedia;
  /** Joins as that name, with the devices as chosen; a refusal stands in the state. */
  join(name: string, devices: Devices): Promise<void>;
  leave(): Promise<void>;
  dismissNotice(): void;
  answerRing(accept: boolean): Promise<void>;
  ring(userId: string): Promise<void>;
  /** Back to before the call, after having been put out of it. */
  backToLobby(): void;
}

export function createCallStore(given: Pass): CallStore {
  let pass = given;
  const api = callApi(given);
  const holder = createHolder();
  const { read, set } = holder;
  /** Of the joins so far, the one that counts: an earlier one that ends late says nothing any more. */
  let attempt = 0;
  const media = createMedia({ lost: () => goOut('disconnected') });
  const goOut = (reason: GoneReason): void => {
    const { phase } = read();
    if (phase !== 'in' && phase !== 'joining') return;
    set({ phase: 'gone', gone: { reason, by: undefined } });
    media.leave();
  };
  const log = createActivityLog(holder);
  const news = createNews({ holder, api, log, ownId: given.userId, putOut: media.leave });
  const connection = createConnection({ holder, news, ended: () => goOut('token') });
  void connection.open(pass).catch((error: Error) => set({ refusal: error.message }));

  /** `isWanted`: nobody was put out or gave up since it was asked for. */
  const joinAs = async (name: string, devices: Devices, isWanted: () => boolean): Promise<void> => {
    const known = read().connectionId;
    const isSame = name === pass.name && known !== undefined;
    const connectionId = isSame ? known : await connection.open(pass, name);
    pass = { ...pass, name };
    keepPass(pass);
    const reply = await api.join(connectionId);
    if (!isWanted()) {
      await api.leave(reply.session_id).catch(() => undefined);
      return;
    }
    news.show(reply);
    set({ sessionId: reply.session_id, phase: 'in', gone: undefined, ring: undefined });
    await news.readRequests();
    const { phase, sessionId } = read();
    if (phase !== 'in' || sessionId !== reply.session_id) return;
    if (reply.credentials) await media.join(reply.credentials, allowed(devices, read()));
  };
  return {
    get pass() {
      return pass;
    },
    ...{ api, media, read, subscribe: holder.subscribe, act: log.act },
    async join(name, devices) {
      attempt += 1;
      const own = attempt;
      set({ phase: 'joining', refusal: undefined, notice: undefined });
      try {
        await joinAs(name, devices, () => own === attempt && read().phase === 'joining');
      } catch (error) {
        if (own !== attempt || read().phase === 'gone') return;
        media.leave();
        set({ phase: 'lobby', refusal: error instanceof Error ? error.message : 'Joining did not work.' });
      }
    },
    async leave() {
      const { sessionId } = read();
      goOut('left');
      if (sessionId !== undefined) await api.leave(sessionId).catch(() => undefined);
    },
    dismissNotice: () => set({ notice: undefined }),
    async answerRing(accept) {
      set({ ring: undefined });
      await (accept ? api.accept() : api.reject('decline')).catch(() => undefined);
    },
    async ring(userId) {
      await api.ring(userId);
      set({ rung: { ...read().rung, [userId]: 'ringing' } });
    },
    backToLobby() {
      attempt += 1;
      set({ phase: 'lobby', gone: undefined, sessionId: undefined, notice: undefined, refusal: undefined });
      void news.readCall();
    },
  };
}

/** What of the wish the person may send. */
const allowed = ({ microphone, camera }: Devices, { rights }: CallState): Devices => ({
  microphone: microphone && rights.has('send-audio'),
  camera: camera && rights.has('send-video'),
});

/** The event socket of the page; opened anew when the name changes, because its first message carries it. */
function createConnection({ holder, news, ended }: { holder: Holder; news: News; ended(): void }) {
  let socket: EventSocket | undefined;
  return {
    /** Resolves with the id of the connection once it is open. */
    open: (pass: Pass, name?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        socket?.close();
        socket = openEventSocket(pass, name, {
          opened(connectionId, isResumed) {
            holder.set({ connectionId });
            resolve(connectionId);
            if (!isResumed) void news.readCall();
          },
          event: news.hear,
          state(state) {
            holder.set({ socket: state });
            if (state !== 'closed') return;
            ended();
            reject(new RequestFailure(401, 0, 'Your access is not accepted any more. Ask for a new link.'));
          },
        });
      }),
  };
}
