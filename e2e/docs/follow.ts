import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, REPO } from '../harness/index.ts';
import { FULL_INSTALL, freshClone } from './clone.ts';
import { isShown, refusalsShown, type Step, stepsOf } from './page.ts';
import { type Ran, Terminal } from './terminal.ts';

const STARTS = /\bnpm start$/;
const LISTENING = /^Callgate listens on .+$/m;
/** What pages call the database. */
const DATABASE = 'postgres://callgate:secret@127.0.0.1:5432/callgate';

/** What following a page needs from outside. */
export interface Reader {
  /** The bash to type into. */
  shell: string;
  /** An empty PostgreSQL database, for the pages that use one. */
  databaseUrl?: string;
  /** Aborting it ends everything that was started, and with it the run. */
  signal?: AbortSignal;
}

/**
 * Follows a page in a fresh copy of the repository: each `sh` block in one bash, `npm start` in another one that
 * stays (a page without it finds the server running; a second one ends the first). Port and database are those of
 * this run, nothing else differs. Returns how many blocks ran; throws at the first that does not do what the page says.
 */
export async function followPage(path: string, reader: Reader): Promise<number> {
  const port = String(await freePort());
  const page = (await readFile(join(REPO, path), 'utf8'))
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll(DATABASE, reader.databaseUrl ?? DATABASE);
  const steps = stepsOf(page);
  const clone = await freshClone();
  const session = new Session({ path, shell: reader.shell, folder: clone.folder, port });
  const end = (): void => void session.end();
  reader.signal?.addEventListener('abort', end);
  try {
    if (!steps.some(({ commands }) => STARTS.test(commands)))
      await session.start({ commands: 'npm start', line: 0 });
    for (const step of steps) {
      await session.take(step);
      reader.signal?.throwIfAborted();
    }
    return steps.length;
  } finally {
    reader.signal?.removeEventListener('abort', end);
    await session.end();
    await clone.remove();
  }
}

/** A reader's two terminals. */
class Session {
  readonly #path: string;
  readonly #baseUrl: string;
  readonly #hands: Terminal;
  readonly #open: () => Terminal;
  #server: Terminal | undefined;

  constructor({ path, shell, folder, port }: { path: string; shell: string; folder: string; port: string }) {
    this.#path = path;
    this.#baseUrl = `http://127.0.0.1:${port}`;
    // A reader has no packages of ours in the path.
    const ownPath = (process.env.PATH ?? '').split(':').filter((each) => !each.includes('node_modules'));
    const env = {
      PATH: ownPath.join(':'),
      HOME: join(folder, '..'),
      PORT: port,
      npm_config_update_notifier: 'false',
    };
    this.#open = () => new Terminal({ shell, folder, env, install: FULL_INSTALL });
    this.#hands = this.#open();
  }

  async take(step: Step): Promise<void> {
    if (STARTS.test(step.commands)) return this.start(step);
    const ran = await this.#hands.run(step.commands);
    const complaint = complaintAbout(step, ran);
    if (complaint) throw this.#failure(step, `${complaint}\n${ran.out}\n${ran.error}`);
  }

  async start(step: Step): Promise<void> {
    await this.#server?.close();
    const server = this.#open();
    this.#server = server;
    server.type(`${step.commands}\nexit`);
    await server.until(() => LISTENING.test(server.output));
    if (!LISTENING.test(server.output)) throw this.#failure(step, `it did not start:\n${server.errors}`);
    // The rest of what it says at its start is written before it answers.
    await fetch(`${this.#baseUrl}/readyz`);
    const { expected } = step;
    if (expected && !isShown(expected, server.output))
      throw this.#failure(step, `printed something else than line ${expected.line} shows:\n${server.output}`);
  }

  async end(): Promise<void> {
    await this.#hands.close();
    await this.#server?.close();
  }

  #failure = (step: Step, what: string): Error => new Error(`${this.#path}, line ${step.line}: ${what}`);
}

/** What a page promised and the commands did not keep; undefined: all is well. */
function complaintAbout({ expected }: Step, ran: Ran): string | undefined {
  if (ran.code !== 0) return `ended with ${ran.code}`;
  const shown = refusalsShown(expected);
  const refused = ran.statuses.filter((status) => status >= 300);
  if (refused.join() !== shown.join())
    return `statuses ${ran.statuses}, refusals that the page shows: ${shown}`;
  if (expected && !isShown(expected, ran.out))
    return `printed something else than line ${expected.line} shows:`;
  return undefined;
}
