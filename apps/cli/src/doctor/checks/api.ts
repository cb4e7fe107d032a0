import { createServer } from 'node:net';
import { codeOf } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok } from '../finding.ts';

/** Whether the server answers on its port, and whether it is the one of these settings. */
export const api: Check = {
  name: 'api',
  async run(facts) {
    if (facts.isStopped) return [await beforeStart(facts)];
    return [await whileRunning(facts)];
  },
};

async function whileRunning({ server, baseUrl, config }: Facts): Promise<Finding> {
  switch (server.kind) {
    case 'ours':
      return server.isReady
        ? ok(`The server answers on ${baseUrl}, takes tokens of these settings and reaches its store.`)
        : fault(
            `The server on ${baseUrl} says at /readyz that its store does not work.`,
            'Its log says why ("the store is not ready"); see the findings on disk and database.',
          );
    case 'another':
      return fault(
        `A Callgate answers on ${baseUrl} and is not the one of these settings: ${server.why}.`,
        'Run the doctor with the settings that the server was started with (--data-dir, the environment of its service), or start the server again with these.',
      );
    case 'stranger':
      return fault(
        `Another program answers on ${baseUrl} (with ${server.status}).`,
        'Stop it, or set PORT to another port, in the settings of the server and in the proxy.',
      );
    case 'silent':
      return fault(
        `No server answers on ${baseUrl}: ${server.reason}.`,
        (await whyNotFree(config)) ??
          'Start it (npm start, systemctl start callgate, docker compose up -d); its output says why when it does not start. Before a start, ask with --stopped.',
      );
  }
}

async function beforeStart({ server, baseUrl, config }: Facts): Promise<Finding> {
  const { host, port } = config;
  if (server.kind !== 'silent')
    return fault(
      `${server.kind === 'ours' ? 'The server' : 'Something'} answers on ${baseUrl} already.`,
      'Stop it first, or ask without --stopped.',
    );
  const refusal = await whyNotFree(config);
  if (refusal !== undefined) return fault(`The server could not listen on ${host}, port ${port}.`, refusal);
  return ok(`Port ${port} of ${host} is free for the server.`);
}

const MENDS: Record<string, string> = {
  EADDRINUSE: 'Something that does not speak HTTP has the port: stop it, or set PORT to another.',
  EADDRNOTAVAIL: 'This machine does not have the address in HOST: set HOST to one that it has.',
  EAFNOSUPPORT: 'This machine does not have the address in HOST: set HOST to one that it has.',
  ENOTFOUND: 'The name in HOST leads nowhere: set HOST to an address of this machine.',
  EACCES: 'Ports below 1024 are for root: set PORT to 8080 and let the proxy have 443.',
};

/** Tries to listen; what to do about it when that fails. */
function whyNotFree({ host, port }: Facts['config']): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) =>
      resolve(MENDS[codeOf(error)] ?? `It fails with ${codeOf(error)}: set HOST and PORT.`),
    );
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
