import { isDeepStrictEqual } from 'node:util';
import type { CallSettingsRequest } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { parseTime } from '../../kernel/time-text.ts';
import { type CallType, checkCustomSize, checkSettingsSize, mergeTrees } from '../call-types/index.ts';
import { demandCapability } from '../enforcement/index.ts';
import type { LoadedPolicy } from '../policy/index.ts';
import { effectiveSettings } from './call.ts';
import type { CallRow } from './calls.store.ts';

/** What a request may change of a call. */
export interface CallFields {
  settings_override?: CallSettingsRequest;
  custom?: Record<string, unknown>;
  starts_at?: string | null;
}

/** 403/17 unless the caller holds the capability of each field that is named (api.md 0.4). */
export function demandFields(mine: LoadedPolicy | undefined, fields: CallFields): void {
  if (fields.settings_override !== undefined) demandCapability(mine, 'update-call-settings');
  if (fields.custom !== undefined || fields.starts_at !== undefined) demandCapability(mine, 'update-call');
}

/**
 * The row with the changes: `custom` is replaced, `settings_override` merged key by key, `starts_at: null` clears.
 * The same row when nothing changes. Throws 400/4 naming the field below `prefix`.
 */
export function changedCall(
  row: CallRow,
  type: CallType,
  fields: CallFields,
  now: number,
  prefix = '',
): CallRow {
  const override = JSON.parse(row.settings_override) as Record<string, unknown>;
  const settings = fields.settings_override ? mergeTrees(override, fields.settings_override) : override;
  checkSettingsSize(`${prefix}settings_override`, settings);
  checkCustomSize(`${prefix}custom`, fields.custom);
  const custom = fields.custom ?? (JSON.parse(row.custom) as Record<string, unknown>);
  const starts_at = startsAt(fields.starts_at, row.starts_at, `${prefix}starts_at`);
  const hasSameSettings = isDeepStrictEqual(settings, override);
  const isSame =
    hasSameSettings && starts_at === row.starts_at && isDeepStrictEqual(custom, JSON.parse(row.custom));
  if (isSame) return row;
  // The stored text where nothing changed: PostgreSQL writes JSON with other spaces.
  const settings_override = hasSameSettings ? row.settings_override : JSON.stringify(settings);
  const hasBackstage = effectiveSettings(type, settings_override).backstage.enabled;
  return {
    ...row,
    custom: JSON.stringify(custom),
    settings_override,
    starts_at,
    backstage: hasBackstage ? row.backstage : 0,
    updated_at: now,
  };
}

/** A planned start from a request, in milliseconds; absent: as it was. */
export function startsAt(
  text: string | null | undefined,
  before: number | null,
  field: string,
): number | null {
  if (text === undefined) return before;
  if (text === null) return null;
  const ms = parseTime(text);
  if (ms === undefined) throw inputError(field, 'must be a time such as 2026-11-22T10:00:00Z');
  return ms;
}

/** What the audit log keeps of a change: the fields that differ, before and after. */
export function callDifference(before: CallRow, after: CallRow) {
  const [was, is] = [auditedFields(before), auditedFields(after)];
  const names = (Object.keys(was) as (keyof typeof was)[]).filter(
    (name) => !isDeepStrictEqual(was[name], is[name]),
  );
  const pick = (from: typeof was) => Object.fromEntries(names.map((name) => [name, from[name]]));
  return { before: pick(was), after: pick(is) };
}

const auditedFields = (row: CallRow) => ({
  custom: JSON.parse(row.custom) as unknown,
  settings_override: JSON.parse(row.settings_override) as unknown,
  starts_at: row.starts_at,
  backstage: row.backstage === 1,
  ended_at: row.ended_at,
});
