import { ERRORS } from '@callgate/contract';
import { type GeneratedFile, HEADING, table } from './generated-file.ts';

/** docs/reference/errors.md: the error catalogue with what to do; `more_info` of a reply leads to the row's anchor. */
export const errorsPage: GeneratedFile = {
  path: 'docs/reference/errors.md',
  make() {
    const rows = Object.entries(ERRORS)
      .sort(([, a], [, b]) => a.code - b.code || a.status - b.status)
      .map(([name, { code, status, title, fix }]) => [
        code,
        status,
        `<a id="${name}"></a>\`${name}\``,
        title,
        fix,
      ]);
    return `${HEADING}

# Errors

Every refusal answers the same body: \`code\`, \`message\`, \`StatusCode\`, \`duration\`, \`more_info\`, \`details\`, and for
wrong input \`exception_fields\` (field to complaint). Decide by \`StatusCode\` and \`code\`; the message is for people and
names the field, the limit or the capability that is meant. Names are those of the contract's catalogue.

${table(['Code', 'Status', 'Name', 'Title', 'What to do'], rows)}
`;
  },
};
