import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';
import { appSettingsRoutes } from './app-settings.ts';
import { banRoutes } from './bans.ts';
import { callBlockRoutes } from './call-blocks.ts';
import { callEventRoutes } from './call-events.ts';
import { callGrantRoutes } from './call-grants.ts';
import { callTypeRoutes } from './call-types.ts';
import { callRoutes } from './calls.ts';
import { guestRoutes } from './guests.ts';
import { joinRoutes } from './join.ts';
import { kickRoutes } from './kicks.ts';
import { memberRoutes } from './members.ts';
import { moderationLogRoutes } from './moderation-logs.ts';
import { muteRoutes } from './mutes.ts';
import { permissionRequestRoutes } from './permission-requests.ts';
import { pinRoutes } from './pins.ts';
import { playLinkRoutes } from './play-links.ts';
import { ringingRoutes } from './ringing.ts';
import { roleRoutes } from './roles.ts';
import { taskRoutes } from './tasks.ts';
import { userBlockRoutes } from './user-blocks.ts';
import { userRoutes } from './users.ts';
import { webhookRoutes } from './webhooks.ts';

/** The routes of every feature, one line each. */
export const featureRoutes: readonly ((route: Route, services: Services) => void)[] = [
  appSettingsRoutes,
  guestRoutes,
  roleRoutes,
  taskRoutes,
  userRoutes,
  userBlockRoutes,
  callTypeRoutes,
  callRoutes,
  memberRoutes,
  joinRoutes,
  pinRoutes,
  banRoutes,
  callBlockRoutes,
  callGrantRoutes,
  kickRoutes,
  moderationLogRoutes,
  muteRoutes,
  permissionRequestRoutes,
  callEventRoutes,
  webhookRoutes,
  ringingRoutes,
  playLinkRoutes,
];
