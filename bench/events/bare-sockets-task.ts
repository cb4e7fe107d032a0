import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerQuestions } from '../measure/task.ts';
import type { BareSocketsAnswer, BareSocketsOrder } from './bare-sockets.ts';
import { held } from './held.ts';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => {
  socket.once('message', () => socket.send('{"type":"connection.ok"}'));
  socket.on('error', () => undefined);
});

answerQuestions(async (order: BareSocketsOrder): Promise<BareSocketsAnswer> => {
  if (order.kind === 'collect') return held();
  if (order.kind === 'listen') return { port: (server.address() as AddressInfo).port };
  const began = performance.timeOrigin + performance.now();
  for (const socket of server.clients) socket.send(order.text);
  return { began };
});
