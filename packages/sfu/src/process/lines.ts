import type { Readable } from 'node:stream';

/**
 * Reads a stream of JSON lines. `onMessage` gets each parsed value; `onEnd` is called once: when the stream ends, fails,
 * or has a line that is no JSON or longer than `most` characters; after it nothing is read.
 */
export function readLines(
  stream: Readable,
  most: number,
  handlers: { onMessage(message: unknown): void; onEnd(): void },
): void {
  let rest = '';
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    rest = '';
    handlers.onEnd();
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (hasEnded) return;
      const parsed = line.length > most ? undefined : parse(line);
      if (!parsed) return end();
      handlers.onMessage(parsed.value);
    }
    if (rest.length > most) end();
  });
  for (const event of ['end', 'close', 'error']) stream.on(event, end);
}

function parse(line: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}
