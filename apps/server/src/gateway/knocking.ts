import type { IncomingMessage } from 'node:http';
import { ApiError, notFound } from '../kernel/errors.ts';

/** The paths of media clients: `/rtc` with two peer connections, `/rtc/v1` with one. */
export const DOOR_PATHS = ['/rtc', '/rtc/v1'] as const;
export type DoorPath = (typeof DOOR_PATHS)[number];
const paths: ReadonlySet<string> = new Set(DOOR_PATHS);
const isDoorPath = (path: string): path is DoorPath => paths.has(path);

/** Whether an upgrade is the door's to answer. */
export const isForDoor = ({ url = '' }: IncomingMessage): boolean => /^\/rtc(?:[/?]|$)/.test(url);

/** What a client says at the door. */
export interface Asked {
  path: DoorPath;
  query: URLSearchParams;
  /** Of the query, or of `Authorization: Bearer`. */
  token: string;
}

/** Throws 404 for another path, 401 without a token. */
export function readAsked({ url = '', headers }: IncomingMessage): Asked {
  const { pathname, searchParams: query } = new URL(url, 'http://door');
  const path = pathname.replace(/\/validate$/, '').replace(/\/$/, '');
  if (!isDoorPath(path)) throw notFound('path', pathname.slice(0, 100));
  const bearer = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
  const token = bearer ?? query.get('access_token') ?? '';
  if (token === '')
    throw new ApiError('authentication', 'access_token is missing: use the one that join answered');
  return { path, query, token };
}
