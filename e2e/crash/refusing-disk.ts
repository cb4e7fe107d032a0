import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';

const realFdatasync = promisify(fdatasync);

/** The system call itself until the process receives `signal`; from then on every call fails with EIO. */
export function fdatasyncThatRefuses(signal: NodeJS.Signals): (fd: number) => Promise<void> {
  let refuses = false;
  process.on(signal, () => {
    refuses = true;
  });
  return (fd) =>
    refuses
      ? Promise.reject(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
      : realFdatasync(fd);
}
