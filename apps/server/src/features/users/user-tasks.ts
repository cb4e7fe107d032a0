import type { UserId } from '@callgate/contract';
import { erasePeople } from '../audit/index.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { SERVER } from '../policy/index.ts';
import type { TaskHandler, TaskPiece, TaskRow } from '../tasks/index.ts';
import { type BulkWork, planChanges, settleWork } from './bulk-users.ts';
import { deactivation } from './deactivate-users.ts';
import { type Deletion, deletion } from './delete-users.ts';
import { reactivation } from './reactivate-users.ts';
import { lockUsers, recordEachChange } from './record-changes.ts';
import { RESTORATION } from './restore-users.ts';

/** How the tasks on users are done, by type. */
export const userTaskHandlers = (acts: Acts): Readonly<Record<string, TaskHandler>> => ({
  'user.deactivate': changing(acts, ({ as_id }) => deactivation(as_id)),
  'user.reactivate': changing(acts, ({ as_id }) => reactivation(as_id)),
  'user.restore': changing(acts, () => RESTORATION),
  'user.delete': {
    ...changing(acts, (task) => deletion(modeOf(task))),
    async finish(task, ids) {
      if (modeOf(task) !== 'hard') return;
      const gone: UserId[] = [];
      for await (const some of ids()) gone.push(...some);
      await erasePeople(acts.database, gone);
    },
  },
});

const modeOf = ({ input }: TaskRow): Deletion => (JSON.parse(input ?? '{}') as { mode: Deletion }).mode;

/** Does the work on the users of a piece in one transaction: each as an act of its own that the request asked for. */
const changing = (acts: Acts, workOf: (task: TaskRow) => BulkWork): TaskHandler => ({
  run(piece: TaskPiece) {
    const { task, ids } = piece;
    const work = workOf(task);
    return acts.performMany(requestOf(task), async (act) => {
      await piece.hold(act.tx);
      await lockUsers(act.tx, ids);
      const { changes, outcomes } = await planChanges(act, ids, work);
      await recordEachChange(act, work.action, changes, work.asId);
      await settleWork(act, work, changes);
      await piece.done(act.tx, outcomes);
    });
  },
});

/** Only server tokens ask for tasks, and their address never counts. */
const requestOf = ({ request_id }: TaskRow): ActRequest => ({
  caller: SERVER,
  requestId: request_id,
  address: null,
});
