import type { EnforcementResponse, JobId, ModerationLogResponse } from '@callgate/contract';
import { type Database, type Handle, StorageFailedError } from '../../storage/database.ts';
import type { SealedRecord } from './audit-record.ts';
import { chainHead } from './audit-records.store.ts';
import { exportLine, logEntry } from './log-entry.ts';
import type { LogFilter } from './log-filter.ts';
import { matchingRecords, type PageAsked, pageOfRecords } from './log-pages.store.ts';
import type { Sequencer } from './sequencer.ts';

/** What jobs have come to by now; implemented by `features/enforcement`, handed in by the composition. */
export type EnforcementReader = (
  handle: Handle,
  jobs: readonly JobId[],
) => Promise<ReadonlyMap<JobId, EnforcementResponse>>;

/** What reading the audit log needs. */
export interface LogReading {
  database: Database;
  sequencer: Pick<Sequencer, 'flush'>;
  enforcementOf: EnforcementReader;
}

/** A page of the audit log, the newest first, with every act that was answered before the question. */
export async function queryLogs(
  reading: LogReading,
  filter: LogFilter,
  asked: PageAsked,
): Promise<{ logs: ModerationLogResponse[]; next?: string; prev?: string }> {
  await sealWhatIsThere(reading.sequencer);
  const { items, ...links } = await pageOfRecords(reading.database, filter, asked);
  const enforcement = await enforcementOfAll(reading, items);
  const logs = items.map((record) => logEntry(record, enforcement.get(record.job_id)));
  return { logs, ...links };
}

/**
 * Every matching record that was committed before the call, one JSON object per line, the oldest first. Read batch
 * by batch as the consumer takes them: memory does not grow with the log.
 */
export async function* exportLogs(reading: LogReading, filter: LogFilter): AsyncGenerator<string> {
  await sealWhatIsThere(reading.sequencer);
  const { seq } = await reading.database.read(chainHead);
  for await (const records of matchingRecords(reading.database, filter, seq)) {
    const enforcement = await enforcementOfAll(reading, records);
    yield records.map((record) => exportLine(record, enforcement.get(record.job_id))).join('');
  }
}

async function enforcementOfAll(
  { database, enforcementOf }: LogReading,
  records: readonly SealedRecord[],
): Promise<ReadonlyMap<JobId | null, EnforcementResponse>> {
  const jobs = records.flatMap(({ job_id }) => job_id ?? []);
  if (jobs.length === 0) return new Map();
  return database.read((snapshot) => enforcementOf(snapshot, jobs));
}

/** When the disk refuses writes, what is sealed can still be read. */
async function sealWhatIsThere(sequencer: LogReading['sequencer']): Promise<void> {
  try {
    await sequencer.flush();
  } catch (error) {
    if (!(error instanceof StorageFailedError)) throw error;
  }
}
