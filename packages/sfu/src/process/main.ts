import { Socket } from 'node:net';
import { systemClock } from '../clock.ts';
import { runChild } from './child.ts';
import { composeSfu } from './compose.ts';
import { CONTROL_FD } from './control.ts';

/*
 * The media server's process. It ends by its pipe: a Ctrl-C at the terminal, or a signal to the whole group, is for the
 * parent, which tells its clients first.
 */
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

runChild({
  pipe: new Socket({ fd: CONTROL_FD, readable: true, writable: true }),
  clock: systemClock,
  compose: composeSfu,
  // An ordinary exit waits for the threads of the media library; nothing here is left to be saved.
  exit: () => process.kill(process.pid, 'SIGKILL'),
});
