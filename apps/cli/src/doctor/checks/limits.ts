import type { Check } from '../facts.ts';
import { fault, ok, warning } from '../finding.ts';
import { serverPid } from '../server-process.ts';

/** Files that the server has open beside its connections: database, logs, webhooks, its own parts. */
const OTHERS = 512;

/** Whether the process may have as many connections open as the settings let in. */
export const limits: Check = {
  name: 'limits',
  async run(facts) {
    const running = facts.server.kind === 'ours' ? await serverPid(facts.config.dataDir) : undefined;
    const ofServer = running === undefined ? undefined : await facts.machine.openFiles(running);
    const files = ofServer ?? (await facts.machine.openFiles(process.pid));
    if (files === undefined)
      return [ok('How many files a process may have open cannot be read on this system.')];
    const { maxConnections } = facts.config;
    const whose = ofServer === undefined ? 'A process started from here' : 'The running server';
    const found = `${whose} may have ${files} files open; CALLGATE_MAX_CONNECTIONS lets ${maxConnections} connections in`;
    if (files < maxConnections + OTHERS) return [fault(`${found}, which is too many.`, MEND)];
    if (files < 2 * maxConnections + OTHERS)
      return [warning(`${found}. A media client takes two, so that only half of them would fit.`, MEND)];
    return [ok(`${found}.`)];
  },
};

const MEND =
  'Raise the limit (LimitNOFILE= in the systemd unit, ulimits in the compose file, ulimit -n in a shell), or lower CALLGATE_MAX_CONNECTIONS.';
