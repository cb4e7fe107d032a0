import { SignalRequest, SignalResponse, type UpdateSubscription } from '@livekit/protocol';
import type { Hiding } from './media-view.ts';
import { MuteOrders } from './mute-orders.ts';
import { Roster } from './roster.ts';
import { TrackLedger } from './tracks.ts';
import { type ServerVerdict, startAnew } from './verdict.ts';

/**
 * What the judge knows of one participant at the media server. It outlives the socket: a client that takes up its
 * connection again must be judged by the same, because the media server's participant is the same. Where it was lost
 * (another node, a restart) the client has to connect anew.
 */
export interface Connection {
  readonly tracks: TrackLedger;
  readonly mutes: MuteOrders;
  readonly roster: Roster;
  /** Auto-subscription was turned off at the media server, because somebody was hidden from somebody at the join. */
  readonly isDriven: boolean;
  hiding: Hiding;
}

/** A participant that has not joined yet. `autoSubscribe`: as the client asked for it. */
export function openConnection(autoSubscribe: boolean, hiding: Hiding): Connection {
  return {
    tracks: new TrackLedger(),
    mutes: new MuteOrders(),
    roster: new Roster(autoSubscribe),
    isDriven: hiding.drivesSubscriptions,
    hiding,
  };
}

/** `subscription` messages to the media server. */
export const subscriptionRequests = (updates: readonly UpdateSubscription[]): SignalRequest[] =>
  updates.map((value) => new SignalRequest({ message: { case: 'subscription', value } }));

/**
 * Who is hidden from the person has changed: those who are hidden now are told as gone and unsubscribed, those who are
 * not any more are told and subscribed to. Where the media server subscribes by itself the client has to connect anew.
 */
export function rehide(connection: Connection, hiding: Hiding): ServerVerdict {
  if (hiding.drivesSubscriptions && !connection.isDriven) return startAnew('hiding began');
  // Once driven, always driven: the media server was told not to subscribe.
  const { isDriven } = connection;
  connection.hiding = { isHidden: (identity) => hiding.isHidden(identity), drivesSubscriptions: isDriven };
  const { told, asked } = connection.roster.rehide(connection.hiding);
  const update = new SignalResponse({ message: { case: 'update', value: { participants: told } } });
  return { also: told.length > 0 ? [update] : [], upstream: subscriptionRequests(asked) };
}
