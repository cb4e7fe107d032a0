import {
  type EnforcementReader,
  exportLogs,
  type LogReading,
  queryLogs,
} from '../../features/audit/index.ts';
import { askedBy, type Caller, refusal } from '../../features/policy/index.ts';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import type { Services } from '../../services.ts';
import { type Route, streamReply } from '../route.ts';

const enforcementReader =
  ({ enforcement }: Services): EnforcementReader =>
  async (handle, ids) => {
    const results = await enforcement.resultsOf(handle, ids);
    return new Map([...results].map(([job_id, result]) => [job_id, { ...result, job_id }]));
  };

/** Which rank a user token needs: moderators, admins and custom roles of their rank. */
const AUDITOR_RANK = 300;

/** Reading the audit log. */
export const moderationLogRoutes = (route: Route, services: Services): void => {
  const { database, sequencer } = services;
  const reading: LogReading = { database, sequencer, enforcementOf: enforcementReader(services) };
  route('queryModerationLogs', async ({ request, query }) => {
    await demandAuditor(services, request.caller, request.address);
    const { limit, next, prev, format } = query;
    if (format === 'ndjson') {
      refusePaging({ limit, next, prev });
      return streamReply('application/x-ndjson', exportLogs(reading, query));
    }
    const asked = {
      ...(limit !== undefined && { limit: Number(limit) }),
      ...(next !== undefined && { next }),
      ...(prev !== undefined && { prev }),
    };
    return queryLogs(reading, query, asked);
  });
};

function refusePaging(paging: Record<string, string | undefined>): void {
  const field = Object.keys(paging).find((name) => paging[name] !== undefined);
  if (field !== undefined)
    throw inputError(field, 'cannot be used with format=ndjson, which answers everything');
}

/**
 * Server tokens, and people in good standing whose application role has rank 300 or more; otherwise 403/17. The log
 * spans all teams, so with multi-tenancy on it is for server tokens alone.
 */
async function demandAuditor(
  { database, policy }: Services,
  caller: Caller,
  address: string | null,
): Promise<void> {
  if (caller.kind === 'server') return;
  await database.read(async (snapshot) => {
    const [person, app] = await Promise.all([
      policy.person(snapshot, askedBy(caller, address)),
      policy.sources.app(snapshot),
    ]);
    if (person.deactivated || person.deleted) throw refusal('deactivated');
    if (person.banned) throw refusal('banned');
    if (person.rank < AUDITOR_RANK)
      throw notAllowed('this needs the application role admin or moderator, or a server token');
    if (app.multiTenant)
      throw notAllowed('the audit log spans all teams: with multi-tenancy on it needs a server token');
  });
}
