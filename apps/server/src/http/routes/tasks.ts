import {
  cancelTask,
  getTask,
  getTaskExport,
  getTaskResults,
  streamTaskExport,
} from '../../features/tasks/index.ts';
import { inputError } from '../../kernel/errors.ts';
import type { Services } from '../../services.ts';
import { type Route, streamReply } from '../route.ts';

/** Work that runs for longer than a request. */
export const taskRoutes = (route: Route, services: Services): void => {
  route('getTask', ({ params }) => getTask(services, params.id));
  route('getTaskResults', ({ params, query: { limit, next } }) =>
    getTaskResults(services, params.id, {
      ...(limit !== undefined && { limit: Number(limit) }),
      ...(next !== undefined && { next }),
    }),
  );
  route('getTaskExport', async ({ params, query: { next, format } }) => {
    if (format !== 'ndjson')
      return getTaskExport(services, params.id, { ...(next !== undefined && { next }) });
    if (next !== undefined)
      throw inputError('next', 'cannot be used with format=ndjson, which answers everything');
    return streamReply('application/x-ndjson', await streamTaskExport(services, params.id));
  });
  route('cancelTask', ({ request, params }) => cancelTask(services.acts, request, params));
};
