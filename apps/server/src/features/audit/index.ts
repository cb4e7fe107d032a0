export * from './audit-record.ts';
export { appendRecord } from './audit-records.store.ts';
