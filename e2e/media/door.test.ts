import { once } from 'node:events';
import { connect } from 'node:net';
import {
  DisconnectReason,
  LeaveRequest,
  LeaveRequest_Action,
  SignalRequest,
  SimulateScenario,
} from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noteFigure } from '../../scripts/test-notes.ts';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { signToken } from '../harness/index.ts';
import { pings } from '../hostile/pings.ts';
import { mediaEngines } from './media-engines.ts';
import { type Knocked, knock, type SignalSocket } from './signal.ts';
import { type MediaWorld, openMediaWorld } from './world.ts';

/** The claims of a token, whoever signed it. */
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

const socketOf = (knocked: Knocked): SignalSocket => {
  if ('socket' in knocked) return knocked.socket;
  throw new Error(`not let in: ${knocked.status} ${JSON.stringify(knocked.body)}`);
};
const refusalOf = (knocked: Knocked): unknown[] => {
  if ('socket' in knocked) throw new Error('was let in');
  return [knocked.status, knocked.body.code, knocked.body.details?.[0]?.reason];
};

/** What a client was told as it was sent away. */
const leaveOf = ({ messages }: SignalSocket): unknown =>
  messages.find(({ message }) => message.case === 'leave')?.message.value;
/** Races of two joins at once. */
const RACES = 200;

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    let rooms = 0;
    beforeAll(async () => {
      world = await openMediaWorld(engine, rtcNodeClients());
    });
    afterAll(() => world.close());

    const room = async (settings?: object) => {
      const cid = `default:door-${++rooms}`;
      return { cid, path: await world.call(cid, ['sara', 'bob'], settings) };
    };
    const credentials = async (path: string, userId = 'sara') => {
      const { status, body } = await world.joinCall(path, userId);
      expect(status).toBe(201);
      return body.credentials;
    };

    test('[GAT3] without a join token of this server nobody gets in: 401', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      const forged = `${token.slice(0, -4)}AAAA`;
      const { exp: _, ...claims } = claimsOf(token);
      const ofAnotherKey = signToken(world.server.apiSecret, claims);
      for (const bad of ['nonsense', forged, world.server.userToken('sara'), world.server.serverToken]) {
        expect(refusalOf(await knock(url, bad))[0]).toBe(401);
      }
      expect(refusalOf(await knock(url, ofAnotherKey))[0]).toBe(401);
      expect(refusalOf(await knock(url, ''))[0]).toBe(401);
      const { status } = await world.ask('GET', path);
      expect(status).toBe(200);
      const asUser = await world.server.api('GET', `/api/v2${path}`, { token });
      expect(asUser.status).toBe(401);
      socketOf(await knock(url, token)).close();
    });

    test('[GAT4] validate says what an upgrade would be told, and changes nothing', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      const validate = async (of: string): Promise<unknown[]> => {
        const reply = await fetch(`${url.replace('ws', 'http')}/rtc/validate?access_token=${of}`);
        const body = (await reply.json()) as { details?: { reason: string }[] };
        return [reply.status, body.details?.[0]?.reason];
      };
      expect(await validate('nonsense')).toEqual([401, undefined]);
      expect(await validate(token)).toEqual([200, undefined]);
      await world.act('POST', `${path}/block`, { user_id: 'sara' });
      expect(await validate(token)).toEqual([403, 'blocked']);
      expect(refusalOf(await knock(url, token))).toEqual([403, 17, 'blocked']);
    });

    test('[GAT5] a second full join on one session replaces the first', async () => {
      const { path, cid } = await room();
      const { url, token } = await credentials(path);
      const first = socketOf(await knock(url, token));
      await first.until('join');
      const second = socketOf(await knock(url, token));
      await second.until('join');
      const { message } = await first.until('leave');
      expect(message.value).toMatchObject({
        ...{ reason: DisconnectReason.DUPLICATE_IDENTITY, action: LeaveRequest_Action.DISCONNECT },
      });
      expect(await first.closed).toBe(1000);
      expect(await world.livekit.rooms.listParticipants(cid)).toHaveLength(1);
    });

    test('[GAT5] of two at once exactly one stays in, two hundred times', async () => {
      const { path } = await room();
      const told = new Map<string, number>();
      let before: SignalSocket | undefined;
      for (let race = 0; race < RACES; race++) {
        const { url, token } = await credentials(path);
        const knocks = await Promise.all([knock(url, token), knock(url, token)]);
        const refused = knocks.filter((knocked) => !('socket' in knocked));
        for (const one of refused) expect(refusalOf(one)).toEqual([403, 17, 'replaced']);
        const inside = knocks.flatMap((knocked) => ('socket' in knocked ? [knocked.socket] : []));
        const staying = (): SignalSocket[] => inside.filter((socket) => !leaveOf(socket));
        await until('at most one stays', async () => staying().length <= 1);
        const [stays] = staying();
        if (!stays) throw new Error(`race ${race}: both are outside`);
        await pings(stays).once();
        for (const one of inside.filter((socket) => socket !== stays))
          expect(leaveOf(one)).toMatchObject({ reason: DisconnectReason.DUPLICATE_IDENTITY });
        // Nor later.
        if (before) expect(leaveOf(before)).toBeUndefined();
        before?.close();
        before = stays;
        const how = refused.length === 1 ? 'refused' : 'replaced';
        told.set(how, (told.get(how) ?? 0) + 1);
      }
      before?.close();
      noteFigure(`two joins at once: ${RACES} on ${engine.name}, the other ${JSON.stringify([...told])}`);
    });

    test('[GAT6] a resume must know the participant, else the client is told to join in full', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      const first = socketOf(await knock(url, token));
      const { message } = await first.until('join');
      const sid = message.case === 'join' ? (message.value.participant?.sid ?? '') : '';
      for (const wrong of ['PA_other', '']) {
        const socket = socketOf(await knock(url, token, { reconnect: '1', sid: wrong }));
        const leave = await socket.until('leave');
        expect(leave.message.value).toMatchObject({ action: LeaveRequest_Action.RECONNECT });
      }
      const other = await credentials(path, 'bob');
      const stolen = socketOf(await knock(url, other.token, { reconnect: '1', sid }));
      await stolen.until('leave');
      first.close();
    });

    test('[GAT13] who says that it leaves is out at once, and comes in again with the same token', async () => {
      const { path, cid } = await room();
      const { url, token } = await credentials(path);
      const isIn = async (): Promise<boolean> => {
        const { body } = await world.ask('GET', path);
        const { session } = body.call as { session: { participants: unknown[] } };
        return session.participants.length > 0;
      };
      for (let times = 0; times < 2; times++) {
        const socket = socketOf(await knock(url, token));
        await socket.until('join');
        expect(await isIn()).toBe(true);
        const leave = new SignalRequest({ message: { case: 'leave', value: new LeaveRequest() } });
        socket.send(leave.toBinary());
        socket.close();
        await until('it is out', async () => !(await isIn()), 2_000);
        await until('the media server holds nobody', async () => {
          const there = await world.livekit.rooms.listParticipants(cid).catch(() => []);
          return there.length === 0;
        });
      }
    });

    test('[GAT7] the client gets fresh tokens of ours, never one of the media server', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      const socket = socketOf(await knock(url, token));
      const { message } = await socket.until('refreshToken');
      const fresh = String(message.value);
      expect(claimsOf(fresh)).toMatchObject({ session_id: claimsOf(token).session_id });
      expect(claimsOf(fresh)).not.toHaveProperty('iss');
      socketOf(await knock(url, fresh)).close();
    });

    test('[GAT8] connections of one session are few: the next is 429', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      const knockAtOnce = async (): Promise<unknown[][]> => {
        const knocks = await Promise.all(Array.from({ length: 12 }, () => knock(url, token)));
        return knocks.filter((knocked) => !('socket' in knocked)).map(refusalOf);
      };
      // On a busy machine those who come at once may come one after the other: then nobody is one too many.
      let refused = await knockAtOnce();
      for (let times = 1; times < 10 && refused.every(([status]) => status !== 429); times++)
        refused = await knockAtOnce();
      expect(refused.some(([status]) => status === 429)).toBe(true);
      // Of those who found a place the one who came last has the turn.
      for (const [status, code, reason] of refused) {
        expect([
          [429, 9, undefined],
          [403, 17, 'replaced'],
        ]).toContainEqual([status, code, reason]);
      }
    });

    /** Asks for the upgrade by hand, with these headers of WebSocket's. */
    const handshake = async ({ url, token }: { url: string; token: string }, ...more: string[]) => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      const closed = once(socket, 'close');
      socket.resume();
      const lines = [
        `GET /rtc?protocol=16&access_token=${token} HTTP/1.1`,
        ...[`Host: ${hostname}:${port}`, 'Connection: Upgrade', 'Upgrade: websocket', ...more],
      ];
      await once(socket, 'connect');
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      return { socket, closed };
    };
    const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const VERSION = 'Sec-WebSocket-Version: 13';

    test.each([
      ['without a key', [VERSION]],
      ['of another version', [KEY, 'Sec-WebSocket-Version: 99']],
    ])('[GAT15] a handshake %s leaves no place taken and nobody at the media server', async (_name, more) => {
      const { path, cid } = await room();
      const pass = await credentials(path);
      // More than the places of a session.
      for (let times = 0; times < 5; times++) await (await handshake(pass, ...more)).closed;
      await until('nobody is there', async () => {
        const all = await world.livekit.rooms.listParticipants(cid).catch(() => []);
        return all.length === 0;
      });
      socketOf(await knock(pass.url, pass.token)).close();
    });

    test.each(['by half', 'wholly'])(
      '[GAT15] who hangs up %s while knocking leaves no place taken',
      async (how) => {
        const { path } = await room();
        const pass = await credentials(path);
        for (let times = 0; times < 5; times++) {
          const { socket, closed } = await handshake(pass, KEY, VERSION);
          if (how === 'wholly') socket.destroy();
          else socket.end();
          await closed;
        }
        await until('a place is free', async () => {
          const knocked = await knock(pass.url, pass.token);
          if ('socket' in knocked) knocked.socket.close();
          return 'socket' in knocked;
        });
      },
    );

    test('[SES28] of any number of clients at the door no more get in than there are seats', async () => {
      const { path } = await room({ limits: { max_participants: 2 } });
      const people = await Promise.all(
        Array.from({ length: 6 }, () => world.joinCall(path, 'sara').then(({ body }) => body.credentials)),
      );
      const knocks = await Promise.all(people.map(({ url, token }) => knock(url, token)));
      expect(knocks.filter((knocked) => 'socket' in knocked)).toHaveLength(2);
      for (const knocked of knocks)
        if (!('socket' in knocked)) expect(refusalOf(knocked)).toEqual([403, 17, 'full']);
      socketOf(knocks.find((knocked) => 'socket' in knocked) as Knocked).close();
      await until('a seat is free', async () => (await world.joinCall(path, 'bob')).status === 201, 60_000);
    });

    test('[GAT12] the metrics tell who is in and what the door refused and dropped', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      const socket = socketOf(await knock(url, token));
      await socket.until('join');
      await knock(url, 'nonsense');
      const simulate = new SignalRequest({ message: { case: 'simulate', value: new SimulateScenario() } });
      socket.send(simulate.toBinary());
      const metrics = async (): Promise<string> => {
        const reply = await fetch(`${world.server.baseUrl}/metrics`);
        return reply.text();
      };
      await until('it is counted', async () => (await metrics()).includes('what="dropped: simulate"} 1'));
      const text = await metrics();
      expect(Number(/^callgate_media_clients (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
      expect(text).toMatch(/callgate_media_door\{what="refused: \d+"\}/);
      expect(text).toMatch(/callgate_media_sweep\{what="strays"\} \d/);
      socket.close();
    });

    test('[GAT10] while the media server is away nobody gets in: 503, and the token stays good', async () => {
      const { path } = await room();
      const { url, token } = await credentials(path);
      await world.livekit.kill();
      expect(refusalOf(await knock(url, token)).slice(0, 2)).toEqual([503, 9]);
      await world.livekit.start();
      await socketOf(await knock(url, token)).until('join');
    });
  });
}
