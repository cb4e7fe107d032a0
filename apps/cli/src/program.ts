import { Command } from 'commander';
import { verifyAudit } from './audit-verify.ts';
import { backup } from './backup.ts';
import type { Context } from './context.ts';
import { doctor } from './doctor/doctor.ts';
import { listen } from './listen.ts';
import { restore } from './restore.ts';
import { printToken } from './token.ts';

const DATA_DIR = [
  '--data-dir <folder>',
  'the data folder (default: CALLGATE_DATA_DIR, else ./.callgate)',
] as const;

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** The command line; `exitCode` answers after it was parsed. */
export function createProgram(context: Context): { program: Command; exitCode: () => number } {
  let code = 0;
  const program = new Command('callgate')
    .description('Tokens, events, the doctor, audit verification, backup and restore of a Callgate server.')
    .configureOutput({ writeOut: context.out, writeErr: context.note })
    .exitOverride()
    .showHelpAfterError('(callgate --help tells what there is)')
    .addHelpText('after', EXAMPLES);
  program
    .command('token')
    .description('print a token, and nothing else')
    .option('--user <id>', 'for this user')
    .option('--server', 'a server token, which may do everything')
    .option('--expires <time>', 'how long it holds: 30m, 1h, 7d or never', '24h')
    .option('--call <type:id>', 'only for this call; may be repeated', collect)
    .option('--role <name>', 'the role in those calls')
    .option(...DATA_DIR)
    .action((options) => printToken(context, options));
  program
    .command('listen')
    .description('print the events that a user hears, one JSON text per line')
    .requiredOption('--user <id>', 'whose socket to open')
    .option('--watch <type:id>', 'a call to watch; may be repeated', collect)
    .option('--count <number>', 'stop after so many events')
    .option('--url <url>', 'where the server is (default: http://127.0.0.1 and PORT)')
    .option(...DATA_DIR)
    .action((options) => listen(context, options));
  program
    .command('doctor')
    .description(
      'check what the server needs, and say how to mend it; exit code 1 when something is at fault',
    )
    .option('--json', 'print one JSON object')
    .option('--stopped', 'before a start: the server does not run, its port must be free')
    .option(...DATA_DIR)
    .action(async (options) => {
      code = await doctor(context, options);
    });
  program
    .command('audit')
    .description('the audit log')
    .command('verify')
    .description('check the audit log offline; exit code 1 when it is broken')
    .option(
      '--file <export.ndjson>',
      'an export (GET /api/v2/moderation/logs?format=ndjson) in place of the database',
    )
    .option(...DATA_DIR)
    .action(async (options) => {
      code = await verifyAudit(context, options);
    });
  program
    .command('backup')
    .description('write a backup of one moment, while the server runs')
    .option('--out <folder>', 'where to (default: ./callgate-backup-<time>)')
    .option(...DATA_DIR)
    .action((options) => backup(context, options));
  program
    .command('restore')
    .description('put a backup in the place of what is there, also while the server runs')
    .argument('<backup>', 'the folder that "callgate backup" wrote')
    .option('--force', 'replace data without asking')
    .option('--accept-broken-audit', 'restore although the audit log of the backup is broken')
    .option(...DATA_DIR)
    .action((folder, options) => restore(context, folder, options));
  return { program, exitCode: () => code };
}

const EXAMPLES = `
Examples:
  callgate token --user john --expires 1h
  callgate token --user john --call default:standup --role host
  callgate token --server
  callgate listen --user john --watch default:standup
  callgate doctor
  callgate audit verify
  callgate backup --out backups/monday
  callgate restore backups/monday

The commands read the same settings as the server (docs/reference/config.md): run them in the folder that the server
was started in, or name its data folder. With DATABASE_URL set they work on PostgreSQL.
`;
