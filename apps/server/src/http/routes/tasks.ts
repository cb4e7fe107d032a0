import { getTask } from '../../features/tasks/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Work that runs for longer than a request. */
export const taskRoutes = (route: Route, services: Services): void => {
  route('getTask', ({ params }) => getTask(services, params.id));
};
