import type { CallSettings, CallSettingsRequest } from '@callgate/contract';
import { LIMITS } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `changes` over `base`, key by key and section by section; neither is touched. `null` is a value. */
export function mergeTrees(base: Tree, changes: Tree): Tree {
  const merged = { ...base };
  for (const [key, change] of Object.entries(changes)) {
    if (change === undefined) continue;
    const before = merged[key];
    merged[key] = isTree(before) && isTree(change) ? mergeTrees(before, change) : change;
  }
  return merged;
}

/** The settings in force: `base` with what the override names. */
export const mergeSettings = (base: CallSettings, override: CallSettingsRequest): CallSettings =>
  mergeTrees(base as Tree, override as Tree) as CallSettings;

/** 400/4 naming the field when the JSON is larger than the bound (settings 16 KB, custom 5 KB). */
export function checkSize(field: string, value: unknown, maxBytes: number): void {
  if (value === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > maxBytes) throw inputError(field, `is ${bytes} bytes as JSON; at most ${maxBytes} are stored`);
}

export const checkSettingsSize = (field: string, settings: unknown): void =>
  checkSize(field, settings, LIMITS.settingsBytes);
export const checkCustomSize = (field: string, custom: unknown): void =>
  checkSize(field, custom, LIMITS.customBytes);
