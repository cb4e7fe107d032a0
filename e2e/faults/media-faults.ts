import { at, type PlantedFault } from './fault.ts';

/** Whoever is at the media server without a session stays. */
export const LEAVES_STRAYS = at(
  'features/enforcement/sweep',
  'await deps.media.remove({ cid, identity: participant.identity });',
  '',
);
const REMOVES_NOBODY = at(
  'features/enforcement/bind-sessions',
  'media.remove({ cid, identity }),',
  'Promise.resolve({ tracks: 0 }),',
);
const ROWS = 'e2e/media/rows.test.ts';
const TELLS_NO_PERMISSION = at('livekit/livekit-adapter', 'permission: permissionOf(wanted),', '');

/** Faults that need media to be seen: each takes the rule's tests with LiveKit, on SQLite. */
export const MEDIA_FAULTS: readonly PlantedFault[] = [
  {
    rule: 'ENF1',
    what: 'nobody is concerned, and the reply says applied',
    edits: [
      at(
        'features/enforcement/run-job',
        "sessions === 0 ? 'no_media' : 'applied'",
        "sessions < 0 ? 'no_media' : 'applied'",
      ),
    ],
    test: 'e2e/media/late.test.ts',
  },
  {
    rule: 'ENF2',
    what: 'the reply says applied before the media server has answered',
    edits: [
      at(
        'features/enforcement/enforce',
        '      resolve(resultOf({ result: null }));\n    }, REPLY_WAIT_MS);',
        "      resolve({ state: 'applied', sessions: 1, tracks: 0, took_ms: 1 });\n    }, REPLY_WAIT_MS);",
      ),
    ],
    test: 'e2e/media/late.test.ts',
  },
  {
    rule: 'ENF3',
    what: 'the sweep leaves strays',
    edits: [LEAVES_STRAYS],
    test: 'e2e/media/late.test.ts',
  },
  {
    rule: 'ENF3',
    what: 'the sweep leaves rights that policy does not give',
    edits: [at('features/enforcement/sweep', 'else await enforcement.applyPolicy({ id });', '')],
    test: 'e2e/media/late.test.ts',
  },
  {
    rule: 'ENF4',
    what: 'a grant is not told to the media server',
    edits: [TELLS_NO_PERMISSION],
    test: 'e2e/media/sdks.test.ts',
  },
  {
    rule: 'ENF5',
    what: 'a mute is not in what the media server is to hold',
    edits: [
      at(
        'features/enforcement/wanted-media',
        '    muted,\n    sendsData',
        '    muted: new Set(),\n    sendsData',
      ),
    ],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'ENF6',
    what: 'who publishes anew is loud',
    edits: [
      at('gateway/tracks', 'if (isMuted) relayed.muted = true;', ''),
      at(
        'gateway/relay',
        "if (told === 'trackPublished') this.#carryOut(imposeMutes(participant, this.#view));",
        '',
      ),
      at(
        'features/calls/media-news',
        "else if (what === 'published' && row.state === 'active')",
        "else if (what === 'joined' && row.state === 'issued')",
      ),
    ],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'ENF7',
    what: 'a revoke is not told to the media server',
    edits: [TELLS_NO_PERMISSION],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'ENF8',
    what: 'who is shut out stays at the media server',
    edits: [REMOVES_NOBODY],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'ENF9',
    what: 'the end of a call is told like a removal',
    edits: [at('gateway/leave', '  ended: {', '  over: {')],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'ENF10',
    what: 'a change of a call type is asked of nobody',
    edits: [at('features/call-types/update-call-type', 'act.enforce({ callType: name });', '')],
    test: 'e2e/media/inputs.test.ts',
    title: '\\[ENF10\\] call.grants',
  },
  {
    rule: 'ENF11',
    what: 'the gateway hides nobody',
    edits: [
      at(
        'gateway/read-view',
        'isHidden: isOfPeople(hiddenPeople),',
        'isHidden: () => hiddenPeople === undefined,',
      ),
    ],
    test: 'e2e/media/hiding.test.ts',
  },
  {
    rule: 'ENF12',
    what: 'hidden people are announced',
    edits: [at('livekit/livekit-grants', '    hidden: wanted.isHidden,', '    hidden: false,')],
    test: 'e2e/media/hiding.test.ts',
  },
  {
    rule: 'ENF13',
    what: 'every process sweeps',
    edits: [
      at(
        'features/enforcement/sweep',
        'if ((await claimLease(tx, claim)) === undefined) return false;',
        'await claimLease(tx, claim);',
      ),
    ],
    test: 'apps/server/src/features/enforcement/sweep.test.ts',
    onPostgres: true,
  },
  {
    rule: 'ENF14',
    what: 'a change of everybody ends before it has begun',
    edits: [at('features/enforcement/fan-out', 'while (left.length > 0) {', 'while (left.length > 1e9) {')],
    test: 'e2e/media/fan-out.test.ts',
  },
  {
    rule: 'ENF15',
    what: 'a mute of all others is of nobody',
    edits: [
      at('features/mutes/mute-users', '[...here].filter((id) => id !== by)', '[...here].filter(() => false)'),
    ],
    ...{ test: ROWS, title: '\\[ENF15\\] a mute of all others' },
  },
  {
    rule: 'ENF16',
    what: 'a role that goes is not told to the media server',
    edits: [TELLS_NO_PERMISSION],
    ...{ test: ROWS, title: '\\[ENF16\\] a call role' },
  },
  {
    rule: 'ENF17',
    what: 'others at a banned address stay',
    edits: [at('features/bans/ban-user', '...(hasAddresses ? [{ addresses: true } as const] : []),', '')],
    ...{ test: ROWS, title: '\\[ENF17\\] by a ban of the address' },
  },
  {
    rule: 'ENF18',
    what: 'the door lets in who comes to a call that is backstage',
    edits: [
      at(
        'features/policy/participant-policy',
        "return isClosedBackstage(facts) && !held.has('join-backstage') ? 'backstage' : null;",
        "return isClosedBackstage(facts) && held.size === 0 ? 'backstage' : null;",
      ),
    ],
    ...{ test: ROWS, title: '\\[ENF18\\] a call that is backstage' },
  },
  {
    rule: 'ENF19',
    what: 'a start waits until all that was left is done',
    edits: [
      at(
        'features/enforcement/recovery',
        'if (!deps.isMediaWaitedFor) return void (await recover());',
        'if (deps.isMediaWaitedFor) await recover();',
      ),
    ],
    test: 'e2e/media/late.test.ts',
  },
  {
    rule: 'ENF20',
    what: 'who was lost is removed by name, whoever is there by now',
    edits: [
      at(
        'features/enforcement/bind-sessions',
        'Promise.all(lost.map((row) => deps.applyPolicy(row))),',
        'Promise.all(lost.map((row) => takeOut(deps, row).then((out) => ({ ...out, isRefused: false })))),',
      ),
    ],
    test: 'e2e/media/comeback.test.ts',
  },
  {
    rule: 'SES27',
    what: 'who leaves stays in the session',
    edits: [
      at(
        'gateway/relays',
        "how === 'left' ? door.left(session.id, participant.roster.ownSid) : door.expelled(session.id)",
        'Promise.resolve(session)',
      ),
      at(
        'features/calls/media-news',
        "if (what === 'left') return deps.door.lost(id, sid);",
        "if (what === 'left' && sid !== '') return;",
      ),
      at('features/enforcement/sweep', 'await deps.lost(row.id, row.participant_sid);', ''),
    ],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'SES28',
    what: 'the door counts no seats',
    edits: [
      at(
        'features/calls/door',
        "if (limit !== null && facts.call.seatsTaken >= limit) throw refusal('full');",
        'if (limit === facts.call.cid) return;',
      ),
    ],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'SES29',
    what: 'the seat of who is being removed is free at once',
    edits: [
      at(
        'features/media/media-sessions.store',
        'return (taken?.seats ?? 0) + (held?.seats ?? 0);',
        'return (taken?.seats ?? 0) + 0 * (held?.seats ?? 0);',
      ),
    ],
    test: 'e2e/media/late.test.ts',
  },
];
