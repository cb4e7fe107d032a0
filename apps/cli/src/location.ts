import { join } from 'node:path';
import type { Config } from '@callgate/server/config.ts';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import type { Location } from '@callgate/server/storage/reader.ts';

/** The file of the database within a data folder. */
export const databaseFile = (folder: string): string => join(folder, SQLITE_FILE);

/** The database that a server with this configuration uses. */
export const locationOf = ({ databaseUrl, dataDir }: Config): Location =>
  databaseUrl === null ? { file: databaseFile(dataDir) } : { url: databaseUrl };
