/*
 * What a store can answer besides rows. `StorageFailedError` stands with the port (database.ts). Both engines
 * throw the same classes, so callers and http/ need not know which one they talk to.
 */

export type ConstraintKind = 'unique' | 'foreign_key' | 'not_null' | 'check';

/** A constraint of the schema refused the statement; the transaction is rolled back. */
export class ConstraintError extends Error {
  override name = 'ConstraintError';
  readonly kind: ConstraintKind;

  constructor(kind: ConstraintKind, message: string, cause: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/**
 * A value that no store of ours keeps: a text with NUL or a lone surrogate (also escaped inside JSON), a number
 * that is no safe integer or finite fraction, a type that SQL does not have. `position` counts from 1.
 */
export class InvalidParameterError extends Error {
  override name = 'InvalidParameterError';
  readonly position: number;

  constructor(position: number, complaint: string) {
    super(`statement parameter ${position} ${complaint}`);
    this.position = position;
  }
}

/** A statement of `Database.read` tried to write. */
export class ReadOnlySnapshotError extends Error {
  override name = 'ReadOnlySnapshotError';
}

/** The wait for a connection, a lock or the writer's turn exceeded its bound. Trying again may help. */
export class StorageBusyError extends Error {
  override name = 'StorageBusyError';
}

/**
 * The store cannot be reached or is closed. Of a `write` whose commit was under way the outcome is unknown:
 * the message says so.
 */
export class StorageUnavailableError extends Error {
  override name = 'StorageUnavailableError';
}
