import { at, type PlantedFault } from './fault.ts';
import { LEAVES_STRAYS } from './media-faults.ts';

const POLICY_AT_D = at(
  'features/calls/door',
  'if (refused !== null) return { row, error: refusal(refused) };',
  '',
);
const RECOVERS_NOTHING = at(
  'features/enforcement/recovery',
  'const done = await Promise.all(jobs.slice(at, at + AT_ONCE).map(work));',
  'const done: boolean[] = [];',
);
const TAKES_UP_NOTHING = at(
  'features/enforcement/abandoned-jobs',
  'if (left.length === 0) return;',
  'if (left.length >= 0) return;',
);
const FORGETS_REVOKED = at(
  'features/enforcement/sweep',
  'for (const row of stuck) await deps.enforcement.rebind([selectorOf(row)]);',
  '',
);

/** Faults by which somebody comes back, or stays in the list: each takes the rule's tests with LiveKit, on SQLite. */
export const RETURN_FAULTS: readonly PlantedFault[] = [
  {
    rule: 'RET1',
    what: 'sessions of before a kick are as good as later ones',
    edits: [
      at(
        'features/policy/participant-policy',
        "if (session.epoch < participation.epoch) return 'kicked';",
        '',
      ),
    ],
    test: 'e2e/returns/returns.test.ts',
  },
  {
    rule: 'RET2',
    what: 'nobody takes up what a killed server left undone',
    edits: [RECOVERS_NOTHING, TAKES_UP_NOTHING, FORGETS_REVOKED, LEAVES_STRAYS],
    test: 'e2e/returns/returns.test.ts',
  },
  {
    rule: 'RET3',
    what: 'a session that an act has ended opens the door again, and nobody asks policy',
    edits: [
      at(
        'features/calls/door',
        "if (found.state === 'revoked' || found.state === 'ended') throw overError(found);",
        'if (!found) throw overError(found);',
      ),
      at(
        'features/media/session-states.store',
        ".where('id', '=', p('id'))\n    .where('state', '=', 'issued')",
        ".where('id', '=', p('id'))",
      ),
      at(
        'features/enforcement/wanted-media',
        'if (loaded.stayRefusal !== null) return { refusal: loaded.stayRefusal };',
        '',
      ),
      POLICY_AT_D,
    ],
    test: 'e2e/returns/returns.test.ts',
  },
  {
    rule: 'RET5',
    what: 'whose media is gone stays in the session',
    edits: [at('features/enforcement/sweep', 'await deps.lost(row.id, row.participant_sid);', '')],
    test: 'e2e/returns/session.test.ts',
  },
];
