import {
  BUILT_IN_CALL_TYPE_NAMES,
  BUILT_IN_CALL_TYPES,
  type BuiltInCallType,
  type CallSettings,
  type CallTypeName,
  type Capability,
  canonicalRole,
  DEFAULT_NOTIFICATION_SETTINGS,
  isCapability,
  type NotificationSettings,
  type NotificationSettingsRequest,
  type RoleName,
  type UpdateCallTypeRequest,
} from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { inputError } from '../../kernel/errors.ts';
import { checkSettingsSize, mergeSettings, mergeTrees } from './settings.ts';

/** A call type, parsed. Shared by all readers: never changed in place. */
export interface CallType {
  readonly name: CallTypeName;
  readonly builtIn: boolean;
  readonly settings: CallSettings;
  readonly grants: Readonly<Record<string, readonly Capability[]>>;
  readonly notificationSettings: NotificationSettings;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A call type as clients see it. */
export const callTypeResponse = (type: CallType) => ({
  name: type.name,
  settings: type.settings,
  grants: type.grants,
  notification_settings: type.notificationSettings,
  built_in: type.builtIn,
  created_at: toTime(type.createdAt),
  updated_at: toTime(type.updatedAt),
});

/** A call type that ships with the server. */
export function builtInCallType(name: BuiltInCallType, now: number): CallType {
  const { settings, grants } = BUILT_IN_CALL_TYPES[name];
  return {
    name: name as string as CallTypeName,
    builtIn: true,
    settings,
    grants: canonicalGrants(grants),
    notificationSettings: DEFAULT_NOTIFICATION_SETTINGS,
    createdAt: now,
    updatedAt: now,
  };
}

/** All call types that ship with the server. */
export const builtInCallTypes = (now: number): CallType[] =>
  BUILT_IN_CALL_TYPE_NAMES.map((name) => builtInCallType(name, now));

/** What a request changes of a call type: the parts that it names. Throws 400/4 naming the field. */
export function changedCallType(before: CallType, input: UpdateCallTypeRequest, now: number): CallType {
  const settings = input.settings ? mergeSettings(before.settings, input.settings) : before.settings;
  checkSettingsSize('settings', settings);
  return {
    ...before,
    settings,
    grants: { ...before.grants, ...canonicalGrants(input.grants) },
    notificationSettings: mergedNotifications(before.notificationSettings, input.notification_settings),
    updatedAt: now,
  };
}

const mergedNotifications = (
  before: NotificationSettings,
  changes: NotificationSettingsRequest | undefined,
): NotificationSettings => (changes ? (mergeTrees(before, changes) as NotificationSettings) : before);

/** Grants with canonical role names, each list sorted and without doubles. */
export function canonicalGrants(
  grants: Readonly<Record<string, readonly string[]>> | undefined,
): Record<string, Capability[]> {
  const canonical: Record<string, Capability[]> = {};
  for (const [given, list] of Object.entries(grants ?? {})) {
    const role = canonicalRole(given as RoleName);
    if (Object.hasOwn(canonical, role)) throw inputError(`grants.${given}`, `names the role "${role}" twice`);
    const unknown = list.find((capability) => !isCapability(capability));
    if (unknown) throw inputError(`grants.${given}`, `"${unknown}" is no capability`);
    canonical[role] = [...new Set(list.filter(isCapability))].sort();
  }
  return canonical;
}
