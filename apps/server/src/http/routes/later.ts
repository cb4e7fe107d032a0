import { cidOf } from '@callgate/contract';
import { requireCall } from '../../features/calls/index.ts';
import { demandCapability } from '../../features/enforcement/index.ts';
import { askedBy, refusal } from '../../features/policy/index.ts';
import { notSupported } from '../../kernel/errors.ts';
import type { Services } from '../../services.ts';
import type { Input, Route } from '../route.ts';

const LATER = ['ringCall', 'acceptCall', 'rejectCall'] as const;
type Later = (typeof LATER)[number];

/** What a later version serves: 400/19, once the caller has passed the check of permission (a banned one does not). */
export const laterRoutes = (route: Route, services: Services): void => {
  for (const id of LATER) {
    route(id, async (input) => {
      await demandPermission(services, input);
      throw notSupported(id);
    });
  }
};

async function demandPermission(
  { database, policy }: Services,
  { caller, request, params }: Input<Later>,
): Promise<void> {
  const cid = cidOf(params.type, params.id);
  await database.read(async (snapshot) => {
    if (caller.kind === 'server') return void (await requireCall(snapshot, cid));
    const mine = await policy.inCall(snapshot, askedBy(caller, request.address), cid);
    demandCapability(mine, 'read-call');
    if (mine.createRefusal !== null) throw refusal(mine.createRefusal);
  });
}
