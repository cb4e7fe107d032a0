import type { CallCid, CallSettings } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import { type CallType, mergeSettings } from '../call-types/index.ts';
import { type CallRow, findCall } from './calls.store.ts';

/** The call, or 404/16. */
export async function requireCall(handle: Handle, cid: CallCid): Promise<CallRow> {
  const row = await findCall(handle, cid);
  if (!row) throw notFound('call', cid);
  return row;
}

/** How many different overrides per call type are kept merged. */
const MERGED_PER_TYPE = 256;
const merged = new WeakMap<CallType, Map<string, CallSettings>>();

/** The settings in force in a call: its type's with its own override. Shared: never changed in place. */
export function effectiveSettings(type: CallType, override: string): CallSettings {
  if (override === '{}') return type.settings;
  let known = merged.get(type);
  if (!known) {
    known = new Map();
    merged.set(type, known);
  }
  let settings = known.get(override);
  if (!settings) {
    if (known.size >= MERGED_PER_TYPE) known.clear();
    settings = mergeSettings(type.settings, JSON.parse(override));
    known.set(override, settings);
  }
  return settings;
}

/** In backstage now: a call whose `backstage.enabled` is false is in none. */
export const isBackstage = (row: CallRow, settings: CallSettings): boolean =>
  row.backstage === 1 && settings.backstage.enabled;

/** A session goes on for this long after the last person left, in milliseconds (api.md 3.5). */
export const SESSION_GRACE_MS = 30_000;

/**
 * When the call's last session ended: with the call, or 30 s after the last person left. Null while it runs, and
 * when there never was one.
 */
export function sessionEndedAt(row: CallRow, now: number): number | null {
  if (row.session_id === null || row.session_started_at === null) return null;
  if (row.ended_at !== null && row.session_started_at <= row.ended_at) return row.ended_at;
  if (row.session_emptied_at === null) return null;
  const end = row.session_emptied_at + SESSION_GRACE_MS;
  return now > end ? end : null;
}

/** Whether a join at `now` belongs to the call's last session. */
export const isSessionRunning = (row: CallRow, now: number): boolean =>
  row.session_id !== null && sessionEndedAt(row, now) === null;
