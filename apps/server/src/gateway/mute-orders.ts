/**
 * Most times that an order is repeated to a client that does not follow it, so that a flood of unmutes is not answered
 * by one as long. The order holds on without being told.
 */
export const MAX_REMINDERS = 50;

interface MuteState {
  /** The client's own last word on the track. */
  isSelfMuted: boolean;
  /** `ordered`: the client was told to be silent and has not said that it is. */
  order: 'none' | 'ordered' | 'followed';
  reminders: number;
}

/**
 * Which of a participant's tracks were muted over the client's head. livekit-client sends `mute{muted: false}` by itself
 * whenever the server's word differs from its own state; only after it has followed the order (it says so by
 * `mute{muted: true}`) an unmute is the person's own.
 */
export class MuteOrders {
  readonly #states = new Map<string, MuteState>();

  #state(sid: string): MuteState {
    const state = this.#states.get(sid) ?? { isSelfMuted: false, order: 'none', reminders: 0 };
    this.#states.set(sid, state);
    return state;
  }

  /** A track was published; `isMuted` at the server, `isSelfMuted` by the client's own declaration. */
  published(sid: string, isMuted: boolean, isSelfMuted: boolean): void {
    const state = this.#state(sid);
    state.isSelfMuted ||= isSelfMuted;
    if (isMuted && state.order === 'none') this.impose(sid);
  }

  /** The server lists a track as muted; counts where neither the client nor an order has said a word about it. */
  listed(sid: string, isMuted: boolean): void {
    if (isMuted && !this.#states.has(sid)) this.impose(sid);
  }

  /** The client is told to mute the track. One that was silent by its own word has followed already. */
  impose(sid: string): void {
    const state = this.#state(sid);
    state.order = state.isSelfMuted ? 'followed' : 'ordered';
    state.reminders = 0;
  }

  /** The client says that it muted the track. */
  muted(sid: string): void {
    const state = this.#state(sid);
    state.isSelfMuted = true;
    if (state.order === 'ordered') state.order = 'followed';
    state.reminders = 0;
  }

  /** How an order on this track stands. */
  order(sid: string): MuteState['order'] {
    return this.#states.get(sid)?.order ?? 'none';
  }

  /** The client's unmute was not relayed: it believes to be heard. Returns whether to tell it once more. */
  refused(sid: string): boolean {
    const state = this.#state(sid);
    state.isSelfMuted = false;
    state.order = 'ordered';
    return this.remind(sid);
  }

  /** The client's unmute was relayed. */
  unmuted(sid: string): void {
    this.#states.set(sid, { isSelfMuted: false, order: 'none', reminders: 0 });
  }

  /** Whether to tell an order again; counts it. */
  remind(sid: string): boolean {
    const state = this.#states.get(sid);
    if (state?.order !== 'ordered' || state.reminders >= MAX_REMINDERS) return false;
    state.reminders += 1;
    return true;
  }

  /** Whether the client has an order to follow that may be told again. */
  get hasReminders(): boolean {
    for (const { order, reminders } of this.#states.values()) {
      if (order === 'ordered' && reminders < MAX_REMINDERS) return true;
    }
    return false;
  }

  /** The orders that the client has not followed, to be told again; counts each. */
  reminders(): string[] {
    return [...this.#states.keys()].filter((sid) => this.remind(sid));
  }

  /** Forgets the tracks that are gone. */
  keep(isAlive: (sid: string) => boolean): void {
    for (const sid of this.#states.keys()) if (!isAlive(sid)) this.#states.delete(sid);
  }
}
