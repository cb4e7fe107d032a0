import type { IncomingMessage } from 'node:http';

/**
 * The whole body of a request; undefined once it has more than `most` bytes, of which nothing is kept. Rejects when the
 * sender goes away. The HTTP server bounds the time (`HTTP_LIMITS`).
 */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > most) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
