import { ERRORS, type ErrorName } from '@callgate/contract';
import type { FuzzCase } from './cases.ts';
import type { FuzzReply } from './send.ts';

/** The body limit of the server; while it refuses more it may close the connection under the sender. */
const BODY_LIMIT = 1_048_576;

/** What is wrong with a reply, in words; undefined: nothing. */
export function complaintOf(asked: FuzzCase, reply: FuzzReply): string | undefined {
  if (reply.hung) return reply.failure;
  if (reply.status === 0) return Buffer.byteLength(asked.body ?? '') > BODY_LIMIT ? undefined : reply.failure;
  if (reply.status >= 500) return `status ${reply.status}`;
  if (reply.status < 400 || asked.method === 'HEAD') return undefined;
  return envelopeComplaint(asked, reply);
}

function envelopeComplaint(asked: FuzzCase, { status, headers, text }: FuzzReply): string | undefined {
  if (!String(headers['content-type']).startsWith('application/json')) return 'an error that is no JSON';
  const body = parsed(text);
  if (body === undefined) return 'an error whose body is no JSON object';
  const { code, message, StatusCode, duration, more_info, details } = body;
  if (StatusCode !== status) return `StatusCode ${StatusCode} in a reply of status ${status}`;
  if (typeof message !== 'string' || message === '') return 'no message';
  if (message.length > 2_000) return `a message of ${message.length} characters`;
  if (typeof duration !== 'string' || typeof more_info !== 'string') return 'no duration or more_info';
  if (!Array.isArray(details)) return 'details are no list';
  const names = namesOf(Number(code), status);
  if (names.length === 0) return `code ${code} with status ${status} is not in the catalogue`;
  if (asked.how === 'path' || asked.how.startsWith('method ')) return undefined;
  if (names.some((name) => asked.operation.errors.includes(name))) return undefined;
  return `${names} is not among the documented errors of ${asked.operation.id}`;
}

const namesOf = (code: number, status: number): ErrorName[] =>
  (Object.keys(ERRORS) as ErrorName[]).filter(
    (name) => ERRORS[name].code === code && ERRORS[name].status === status,
  );

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The request so that somebody can send it again. */
export const describeCase = (asked: FuzzCase, reply: FuzzReply): string => {
  const { operation, how, method, path, query, headers, body, token } = asked;
  const shown = Buffer.isBuffer(body) ? `base64 ${body.toString('base64')}` : body;
  return `${operation.id} (${how}): ${method} ${path.slice(0, 200)} ${JSON.stringify(query).slice(0, 500)} ${JSON.stringify(headers).slice(0, 300)} token ${token}, body ${shown?.slice(0, 700)} -> ${reply.status} ${reply.text.slice(0, 400)}`;
};
