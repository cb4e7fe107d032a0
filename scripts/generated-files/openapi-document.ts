import { openapiDocument } from '@callgate/server/http/openapi.ts';
import type { GeneratedFile } from './generated-file.ts';

/** docs/reference/openapi.json: what the server answers at /openapi.json. */
export const openapiFile: GeneratedFile = {
  path: 'docs/reference/openapi.json',
  make: openapiDocument,
};
