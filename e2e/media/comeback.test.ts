import { LeaveRequest, SignalRequest } from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { pings } from '../hostile/pings.ts';
import { type Gate, openGate } from '../returns/gate.ts';
import { mediaEngines } from './media-engines.ts';
import { knock, type SignalSocket } from './signal.ts';
import { type MediaWorld, openMediaWorld } from './world.ts';

const LEAVE = new SignalRequest({ message: { case: 'leave', value: new LeaveRequest() } }).toBinary();

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    let gate: Gate;
    let calls = 0;
    beforeAll(async () => {
      gate = await openGate();
      world = await openMediaWorld(engine, rtcNodeClients(), {}, { livekitUrl: gate.through });
    });
    afterAll(async () => {
      gate.open();
      await world.close();
      await gate.close();
    });

    /** Who is at the media server, asked past the gate. */
    const there = (cid: string) => world.livekit.rooms.listParticipants(cid).catch(() => []);
    /** Sara is in, leaves, and is out; her token is good. */
    const saraHasLeft = async () => {
      const cid = `default:comeback-${++calls}`;
      const path = await world.call(cid, ['sara']);
      const { body } = await world.joinCall(path, 'sara');
      const come = async (): Promise<SignalSocket> => {
        const knocked = await knock(body.credentials.url, body.credentials.token);
        if (!('socket' in knocked)) throw new Error(`not let in: ${JSON.stringify(knocked.body)}`);
        await knocked.socket.until('join');
        return knocked.socket;
      };
      const socket = await come();
      socket.send(LEAVE);
      socket.close();
      await until('she is out', async () => {
        const { body: now } = await world.ask('GET', path);
        const { participants } = (now.call as { session: { participants: unknown[] } }).session;
        return participants.length === 0 && (await there(cid)).length === 0;
      });
      return { cid, path, come };
    };
    /** What the act asks of the media server is held back, on its way. */
    const isHeld = () => gate.held().some((line) => /\/(?:Update|Remove)Participant /.test(line));
    const doneInLog = async (cid: string): Promise<boolean> => {
      const { body } = await world.ask('GET', '/moderation/logs');
      const logs = body.logs as { call_cid?: string; enforcement?: { state: string } }[];
      const states = logs
        .filter(({ call_cid }) => call_cid === cid)
        .map(({ enforcement }) => enforcement?.state);
      return !states.includes('pending');
    };

    test('[ENF20] who is shut out comes in by nothing while they are being removed', async () => {
      const { cid, path, come } = await saraHasLeft();
      gate.hold('POST /twirp/livekit.RoomService/');
      const acting = world.act('POST', `${path}/block`, { user_id: 'sara' });
      await until('it is on its way', async () => isHeld());
      await expect(come()).rejects.toThrow('"reason":"blocked"');
      gate.open();
      await acting;
      await until('it is done', () => doneInLog(cid));
      await expect(come()).rejects.toThrow('"reason":"blocked"');
    });

    test('[ENF20] who comes in again in full while an act on them is under way stays in', async () => {
      const { cid, path, come } = await saraHasLeft();
      gate.hold('POST /twirp/livekit.RoomService/');
      const revoke = { user_id: 'sara', revoke_permissions: ['send-data'] };
      const acting = world.act('POST', `${path}/user_permissions`, revoke);
      await until('it is on its way', async () => isHeld());
      // One session is told by one at a time: she is dialled, and let in when the act's answer is there.
      const coming = come();
      await until('she is dialled', async () => (await there(cid)).length === 1);
      gate.open();
      const [socket] = await Promise.all([coming, acting]);
      await until('it is done', () => doneInLog(cid));
      await pings(socket).once();
      expect(socket.messages.filter(({ message }) => message.case === 'leave')).toEqual([]);
      expect((await there(cid)).map(({ permission }) => permission?.canPublishData)).toEqual([false]);
      socket.close();
    });
  });
}
