import { type ConfigKey, KEYS } from '@callgate/server/config-keys.ts';
import type { GeneratedFile } from './generated-file.ts';

/** The sample of the configuration file: every key with its default and meaning. */
export const configSample: GeneratedFile = {
  path: 'callgate.config.sample.jsonc',
  make: () => `// Made by \`npm run generate\`. Every setting with its default; keep what you change.
{
${entries().join('\n')}
}
`,
};

/** What has no default comes first, as a comment, so that a comma never is too many or too few. */
function entries(): string[] {
  const all: ConfigKey<unknown, unknown>[] = Object.values(KEYS);
  const written = all.filter((key) => key.default !== null).map(entry);
  const last = written.pop()?.replace(/,$/, '') ?? '';
  return [...all.filter((key) => key.default === null).map(entry), ...written, last];
}

const entry = ({ file, default: fallback, description }: ConfigKey<unknown, unknown>): string =>
  fallback === null
    ? `  // ${description}\n  // "${file}": ...,`
    : `  // ${description}\n  "${file}": ${JSON.stringify(fallback).replaceAll('","', '", "')},`;
