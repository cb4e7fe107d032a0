import { requireCallType } from './features/call-types/index.ts';
import { effectiveSettings, findCall } from './features/calls/index.ts';
import type { MediaSources } from './features/enforcement/index.ts';
import { mutedKindsOf } from './features/mutes/index.ts';
import { blockedEitherWay } from './features/user-blocks/index.ts';
import { findUser } from './features/users/index.ts';

/** What the media server is told beside the policy, answered by the features that own the tables. */
export const mediaSources: MediaSources = {
  mutedKinds: mutedKindsOf,
  async hiddenPeople(handle, cid, userId) {
    const call = await findCall(handle, cid);
    if (!call) return undefined;
    const type = await requireCallType(handle, call.type);
    const { user_blocks } = effectiveSettings(type, call.settings_override);
    return user_blocks.hide_media ? blockedEitherWay(handle, userId) : undefined;
  },
  async shown(handle, userId) {
    const user = await findUser(handle, userId);
    return { name: user?.name ?? userId, image: user?.image ?? null };
  },
};
