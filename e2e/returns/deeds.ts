import type { MediaWorld } from '../media/world.ts';
import type { Insider } from './people.ts';

/** An act that shuts somebody out, and what lets them in again. */
export interface Deed {
  name: string;
  shutOut(world: MediaWorld, who: Insider): Promise<unknown>;
  /** Absent: a new join is enough. */
  letIn?(world: MediaWorld, who: Insider): Promise<unknown>;
  /** Others from the address are shut out too. */
  takesAddress?: true;
  /** What policy answers the person then. */
  reasons: readonly string[];
}

const done = async (world: MediaWorld, method: string, path: string, body: object): Promise<void> => {
  const reply = await world.ask(method, path, body);
  if (reply.status >= 300)
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
};

export const DEEDS: readonly Deed[] = [
  {
    name: 'ban',
    reasons: ['banned'],
    shutOut: (world, { id }) => done(world, 'POST', '/moderation/ban', { target_user_id: id }),
    letIn: (world, { id }) => done(world, 'DELETE', '/moderation/ban', { target_user_id: id }),
  },
  {
    name: 'ban in the call',
    reasons: ['banned_here'],
    shutOut: (world, { id, cid }) =>
      done(world, 'POST', '/moderation/ban', { target_user_id: id, channel_cid: cid }),
    letIn: (world, { id, cid }) =>
      done(world, 'DELETE', '/moderation/ban', { target_user_id: id, channel_cid: cid }),
  },
  {
    name: 'ban of the address',
    reasons: ['banned', 'address_banned'],
    takesAddress: true,
    shutOut: (world, { id }) => done(world, 'POST', '/moderation/ban', { target_user_id: id, ip_ban: true }),
    letIn: (world, { id }) => done(world, 'DELETE', '/moderation/ban', { target_user_id: id }),
  },
  {
    name: 'block',
    reasons: ['blocked'],
    shutOut: (world, { id, path }) => done(world, 'POST', `${path}/block`, { user_id: id }),
    letIn: (world, { id, path }) => done(world, 'POST', `${path}/unblock`, { user_id: id }),
  },
  {
    name: 'deactivation',
    reasons: ['deactivated'],
    shutOut: (world, { id }) => done(world, 'POST', `/users/${id}/deactivate`, {}),
    letIn: (world, { id }) => done(world, 'POST', `/users/${id}/reactivate`, {}),
  },
  {
    name: 'kick',
    reasons: ['kicked'],
    shutOut: (world, { id, path }) => done(world, 'POST', `${path}/kick`, { user_id: id }),
  },
  {
    name: 'ban, deleted and made again',
    reasons: ['banned', 'deleted', 'token_revoked'],
    async shutOut(world, { id }) {
      await done(world, 'POST', '/moderation/ban', { target_user_id: id });
      await done(world, 'POST', '/users/delete', { user_ids: [id] });
      await done(world, 'POST', '/users', { users: { [id]: { id } } });
    },
    letIn: (world, { id }) => done(world, 'DELETE', '/moderation/ban', { target_user_id: id }),
  },
];
