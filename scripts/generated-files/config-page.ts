import { type ConfigKey, KEYS } from '@callgate/server/config-keys.ts';
import { type GeneratedFile, HEADING, table } from './generated-file.ts';

/** docs/reference/config.md: every setting, where it can be given, and what holds without it. */
export const configPage: GeneratedFile = {
  path: 'docs/reference/config.md',
  make: () => `${HEADING}

# Configuration

A setting is given in the environment or in the file that \`CALLGATE_CONFIG\` names (JSON, comments allowed); the
environment wins. In the environment a list is separated by commas. Unknown keys of the file and unknown \`CALLGATE_\`
variables are refused by name when the server starts, and no message ever shows a value.

${table(['Variable', 'In the file', 'Default', 'What it means'], Object.values(KEYS).map(row))}
`,
};

const row = ({
  env,
  file,
  default: fallback,
  isSecret,
  description,
}: ConfigKey<unknown, unknown>): string[] => [
  `\`${env}\``,
  `\`${file}\``,
  defaultText(fallback),
  isSecret ? `${description} Never printed.` : description,
];

function defaultText(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  return `\`${Array.isArray(value) ? value.join(',') : String(value)}\``;
}
