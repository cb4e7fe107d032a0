import { capabilitiesPage } from './capabilities-page.ts';
import { configPage } from './config-page.ts';
import { configSample } from './config-sample.ts';
import { errorsPage } from './errors-page.ts';
import type { GeneratedFile } from './generated-file.ts';
import { openapiFile } from './openapi-document.ts';
import { postgresSchema, sqliteSchema } from './schema-dumps.ts';

/** Every generated file, in the order of making. A new one is added here and committed. */
export const GENERATED_FILES: readonly GeneratedFile[] = [
  openapiFile,
  configPage,
  configSample,
  errorsPage,
  capabilitiesPage,
  sqliteSchema,
  postgresSchema,
];
