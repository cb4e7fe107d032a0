import { setTimeout as pause } from 'node:timers/promises';
import { SignalRequest } from '@livekit/protocol';
import { type Line, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { comeIn, makeRoom, onEachDoor, passOf } from './stage.ts';

/** After opening, before memory is read. */
const AT_REST_MS = 2_000;
const AT_ONCE = 20;
/** People of one call. */
const ROOM = 50;
const PINGS = 20;

/** What the server holds for each open media client, and what relaying a message costs it. */
export async function measureOpen(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const count = Math.max(ROOM, Math.floor(options.sockets / 5));
  const measured = await onEachDoor(postgres, options, async (stage) => {
    const passes: { url: string; token: string }[] = [];
    for (let room = 0; room * ROOM < count; room++) {
      const ids = await makeRoom(stage, `open-${room}`, ROOM);
      for (const id of ids) passes.push(await passOf(stage, `open-${room}`, id));
    }
    const before = await stage.probe();
    const sockets: Awaited<ReturnType<typeof comeIn>>[] = [];
    for (let at = 0; at < passes.length; at += AT_ONCE) {
      sockets.push(...(await Promise.all(passes.slice(at, at + AT_ONCE).map((pass) => comeIn(pass)))));
    }
    await pause(AT_REST_MS);
    const after = await stage.probe();
    const each = (after.used - before.used) / 1_000 / sockets.length;
    const resident = (after.resident - before.resident) / 1_000 / sockets.length;
    const message = new SignalRequest({ message: { case: 'ping', value: 1n } }).toBinary();
    const started = performance.now();
    for (let round = 0; round < PINGS; round++) for (const socket of sockets) socket.send(message);
    await Promise.all(sockets.map((socket) => socket.until('pong')));
    const relayed = performance.now() - started;
    for (const socket of sockets) socket.close();
    return { name: stage.engine, each, resident, perMessage: (relayed * 1_000) / (PINGS * sockets.length) };
  });
  return {
    title: 'Open media clients',
    text:
      `${count.toLocaleString('en-US')} clients through the door, ${ROOM} in a call, by signalling alone: what the server holds for each, and ` +
      `how long a message takes from client to LiveKit and back when each sends ${PINGS} at once, per message.`,
    head: ['', 'resident memory of each', 'objects and buffers of each', 'a relayed message'],
    lines: measured.map(
      ({ name, each, resident, perMessage }): Line => [
        name,
        `${resident.toFixed(1)} KB`,
        `${each.toFixed(1)} KB`,
        `${perMessage.toFixed(0)} µs`,
      ],
    ),
    targets: measured.map(({ name, each, resident }) =>
      under(`an open media client, ${name}`, Math.max(each, resident), 150, 'KB'),
    ),
  };
}
