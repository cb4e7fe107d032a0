/** One place in the sources that is made wrong. */
export interface Edit {
  /** From the project's root. */
  readonly file: string;
  /** What stands there, once. */
  readonly find: string;
  readonly put: string;
}

/** Something that a rule forbids, planted in a copy of the sources: the rule's own tests must fail. */
export interface PlantedFault {
  readonly rule: string;
  /** What is wrong. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** The file of the tests that must see it. */
  readonly test: string;
  /** Two processes share a database only there. */
  readonly onPostgres?: true;
  /** A regular expression of the titles to run. (Default: all of the rule) */
  readonly title?: string;
}

/** A fault in one place. */
export const fault = (
  rule: string,
  what: string,
  [file, find, put]: readonly [file: string, find: string, put: string],
  test: string,
): PlantedFault => ({ rule, what, edits: [{ file, find, put }], test });

const SOURCES = 'apps/server/src';

/** An edit of one of the server's sources, named from their folder and without its ending. */
export const at = (file: string, find: string, put: string): Edit => ({
  file: `${SOURCES}/${file}.ts`,
  find,
  put,
});
