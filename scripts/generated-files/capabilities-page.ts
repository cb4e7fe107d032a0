import {
  BUILT_IN_CALL_TYPES,
  BUILT_IN_ROLES,
  CAPABILITIES,
  isBaseRole,
  isRequestable,
  SETTING_OF_KIND,
} from '@callgate/contract';
import { type GeneratedFile, HEADING, table } from './generated-file.ts';

/** docs/reference/capabilities.md: what can be allowed, and what the built-in call types allow to whom. */
export const capabilitiesPage: GeneratedFile = {
  path: 'docs/reference/capabilities.md',
  make: () => `${HEADING}

# Capabilities, roles and built-in grants

## Capabilities

${table(['Capability', 'May be asked for', 'Gated by the setting'], CAPABILITIES.map(capabilityRow))}

## Built-in roles

A user token acts only on people of lower rank. Roles that ask do not hold a kind by their grants while its setting says
\`access_request_enabled\`: they ask, and hold it once granted.

${table(['Role', 'Rank', 'Asks'], Object.entries(BUILT_IN_ROLES).map(roleRow))}

## What the built-in call types grant

${Object.entries(BUILT_IN_CALL_TYPES).map(callTypeSection).join('\n\n')}
`,
};

const yes = (is: boolean): string => (is ? 'yes' : '');

const capabilityRow = (capability: (typeof CAPABILITIES)[number]): string[] => [
  `\`${capability}\``,
  yes(isRequestable(capability)),
  isRequestable(capability) ? `\`${SETTING_OF_KIND[capability]}\`` : '',
];

const roleRow = ([name, { rank }]: [string, { rank: number }]): (string | number)[] => [
  `\`${name}\``,
  rank,
  yes(isBaseRole(name)),
];

function callTypeSection([name, { grants, settings }]: [
  string,
  (typeof BUILT_IN_CALL_TYPES)[keyof typeof BUILT_IN_CALL_TYPES],
]): string {
  const roles = Object.entries(grants);
  const rows = CAPABILITIES.map((capability) => [
    `\`${capability}\``,
    ...roles.map(([, granted]) => yes(granted.includes(capability))),
  ]);
  const kinds = (['audio', 'video', 'screensharing'] as const).map((kind) => {
    const { enabled, access_request_enabled } = settings[kind];
    return `${kind} ${enabled ? (access_request_enabled ? 'on request' : 'on') : 'off'}`;
  });
  return `### \`${name}\`

${kinds.join(', ')}, backstage ${settings.backstage.enabled ? 'on' : 'off'}.

${table(['Capability', ...roles.map(([role]) => `\`${role}\``)], rows)}`;
}
