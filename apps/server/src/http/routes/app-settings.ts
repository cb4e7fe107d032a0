import { getApp, updateApp } from '../../features/app-settings/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** The settings of the application. */
export const appSettingsRoutes = (route: Route, { acts, config }: Services): void => {
  route('getApp', ({ request }) => getApp(acts, request));
  route('updateApp', ({ request, body }) =>
    updateApp(acts, request, body, { allowPrivate: config.webhookAllowPrivate }),
  );
};
