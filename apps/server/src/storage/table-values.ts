/*
 * Times: milliseconds since 1970 (BIGINT). Flags: 0 or 1. `Json`: text here, TEXT on SQLite and JSONB on PostgreSQL.
 */
export type Json = string;
/** JSON that is hashed or sent as it was written: TEXT on both engines. */
export type JsonText = string;
export type Millis = number;
export type Flag = 0 | 1;
