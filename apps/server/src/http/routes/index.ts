import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';
import { banRoutes } from './bans.ts';
import { callBlockRoutes } from './call-blocks.ts';
import { callGrantRoutes } from './call-grants.ts';
import { kickRoutes } from './kicks.ts';
import { moderationLogRoutes } from './moderation-logs.ts';
import { muteRoutes } from './mutes.ts';
import { permissionRequestRoutes } from './permission-requests.ts';

/** The routes of every feature, one line each. */
export const featureRoutes: readonly ((route: Route, services: Services) => void)[] = [
  banRoutes,
  callBlockRoutes,
  callGrantRoutes,
  kickRoutes,
  moderationLogRoutes,
  muteRoutes,
  permissionRequestRoutes,
];
