import { createSocket } from 'node:dgram';
import { Socket } from 'node:net';
import { WebhookEvent } from '@livekit/protocol';
import { testRooms } from '../api/test-room-control.ts';
import { systemClock } from '../clock.ts';
import type { RoomControl } from '../rooms/room-control.ts';
import { type Inside, runChild } from './child.ts';
import { CONTROL_FD } from './control.ts';

/**
 * The process of the media server around rooms without media: what it forwards is one datagram every 10 ms to its
 * media port, until it is closed. With an `advertisedAddress` of 192.0.2.1 it cannot be put together.
 */
const compose: Parameters<typeof runChild>[0]['compose'] = ({ udpPort, advertisedAddress }): Inside => {
  if (advertisedAddress === '192.0.2.1') throw new Error('advertisedAddress: nobody is there');
  const rooms = testRooms();
  const roomControl: RoomControl = {
    ...rooms,
    createRoom(request) {
      const room = rooms.createRoom(request);
      rooms.happen(new WebhookEvent({ event: 'room_started', room }));
      return room;
    },
  };
  const socket = createSocket('udp4');
  const sending = setInterval(() => socket.send('media', udpPort, '127.0.0.1'), 10);
  return {
    bootId: `ND_${process.pid}`,
    roomControl,
    handleRequest: () => false,
    handleUpgrade: () => false,
    close() {
      clearInterval(sending);
      socket.close();
    },
  };
};

runChild({
  pipe: new Socket({ fd: CONTROL_FD, readable: true, writable: true }),
  clock: systemClock,
  compose,
  exit: (code) => process.exit(code),
});
