export * from './audit-record.ts';
export {
  appendRecords,
  chainHead,
  erasePersonal,
  recordsAfter,
  unsealedCount,
} from './audit-records.store.ts';
export { type Checkpoint, signCheckpoint } from './checkpoint.ts';
export {
  appendCheckpoint,
  CHECKPOINT_FILE,
  OLD_CHECKPOINT_FILE,
  readCheckpoints,
} from './checkpoint-file.ts';
export { erasePeople } from './erase-people.ts';
export * from './keys.ts';
export { ExportFormatError, recordOfLine } from './log-entry.ts';
export * from './query-logs.ts';
export * from './sequencer.ts';
export * from './verify.ts';
