import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';
import { callBlockRoutes } from './call-blocks.ts';
import { moderationLogRoutes } from './moderation-logs.ts';

/** The routes of every feature, one line each. */
export const featureRoutes: readonly ((route: Route, services: Services) => void)[] = [
  callBlockRoutes,
  moderationLogRoutes,
];
