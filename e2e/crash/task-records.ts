import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { type Location, openReader } from '@callgate/server/storage/reader.ts';

export interface TaskResult {
  user_id: string;
  status: string;
}

/** What tasks have left in the tables, read beside the server. */
export interface TaskChanges {
  /** Records of the requests that asked. */
  starts: number;
  /** Whom the other records of these requests are about, one entry for each record. */
  recorded: string[];
  /** How many events of the action that was recorded last each person has, each number once. */
  toldTimes: number[];
}

export async function changesOf(location: Location, requestIds: readonly string[]): Promise<TaskChanges> {
  const reader = await openReader(location);
  const rows = <R>(text: string): Promise<R[]> => reader.handle.run(rawStatement<R>(text));
  const requests = requestIds.map((id) => `'${id}'`).join(', ');
  try {
    const records = await rows<{ action: string; target_id: string }>(
      `select action, target_id from audit_records where request_id in (${requests})`,
    );
    const changes = records.filter(({ action }) => action !== 'task.start');
    const event = `${changes[0]?.action ?? ''}d`;
    const told = await rows<{ payload: string }>(`select payload from outbox where type = '${event}'`);
    const times = Map.groupBy(
      told,
      ({ payload }) => (JSON.parse(payload) as { user: { id: string } }).user.id,
    );
    return {
      starts: records.length - changes.length,
      recorded: changes.map(({ target_id }) => target_id),
      toldTimes: [...new Set([...times.values()].map((events) => events.length))],
    };
  } finally {
    await reader.close();
  }
}
