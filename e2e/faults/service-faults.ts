import { fault, type PlantedFault } from './fault.ts';

const SOURCES = 'apps/server/src';
const DOOR = 'e2e/media/service.test.ts';
const TOKENS = `${SOURCES}/features/media/service-tokens.test.ts`;
const KICKS = `${SOURCES}/features/kicks/kick-service.test.ts`;
const WANTED = `${SOURCES}/features/enforcement/wanted-service.ts`;
const STORE = `${SOURCES}/features/media/services.store.ts`;

const unit = (
  rule: string,
  what: string,
  [file, find, put]: readonly [file: string, find: string, put: string],
  test: string,
) => fault(rule, what, [file.startsWith(SOURCES) ? file : `${SOURCES}/${file}.ts`, find, put], test);

/** What must not happen to participants that belong to no user, told by tests without media. */
export const SERVICE_FAULTS: readonly PlantedFault[] = [
  unit(
    'SVC1',
    'a token that is over lets in',
    ['features/media/service-tokens', 'if (exp * 1000 <= now)', 'if (exp <= 0)'],
    TOKENS,
  ),
  unit(
    'SVC2',
    'a key is good for every kind',
    ['features/media/service-tokens', 'if (!kind || !key.kinds.includes(kind))', 'if (!kind)'],
    TOKENS,
  ),
  unit(
    'SVC6',
    'another spelling of a token is another session',
    ['features/media/service-tokens', "token.slice(0, token.lastIndexOf('.'))", 'token'],
    TOKENS,
  ),
  unit(
    'SVC9',
    'a name that was removed comes again',
    [STORE, "eb('end_reason', '=', 'kicked')", "eb('end_reason', '=', 'never')"],
    KICKS,
  ),
  unit(
    'SVC10',
    'everybody removes services',
    ['features/kicks/kick-service', "demandCapability(mine, 'kick-user', 'block-users');", ''],
    KICKS,
  ),
  unit(
    'SVC11',
    'a removal that removes nobody is recorded',
    [
      'features/kicks/kick-service',
      "if (!(await endSession(act.tx, session_id, act.now, 'kicked'))) return {};",
      "await endSession(act.tx, session_id, act.now, 'kicked');",
    ],
    KICKS,
  ),
  unit(
    'SVC13',
    'mute all mutes services',
    [
      'features/media/media-sessions.store',
      ".where('service_kind', 'is', null)\n    .where('state', 'in', LIVE)\n    .orderBy('created_at')",
      ".where('state', 'in', LIVE)\n    .orderBy('created_at')",
    ],
    KICKS,
  ),
  unit(
    'SVC14',
    'nobody is told of a service that came',
    [
      'features/calls/service-participants',
      'if (active) await appendEvents(tx, [serviceJoined(active)], now);',
      '',
    ],
    KICKS,
  ),
  unit(
    'SVC15',
    'the report of an old connection ends the new one',
    [STORE, ".where('participant_sid', '=', p('participant_sid'))", ''],
    KICKS,
  ),
  unit(
    'SVC17',
    'a short secret is taken',
    ['config-parse', '(publish|subscribe):(.{16,})$/', '(publish|subscribe):(.+)$/'],
    `${SOURCES}/config.test.ts`,
  ),
  unit(
    'SVC18',
    'services of one name are counted as a person',
    ['gateway/crowd', "const isPerson = !person.includes(':');", 'const isPerson = true;'],
    `${SOURCES}/gateway/crowd.test.ts`,
  ),
];

/** The same, told at LiveKit. */
export const SERVICE_MEDIA_FAULTS: readonly PlantedFault[] = [
  unit(
    'SVC3',
    'an ended call lets services in',
    [WANTED, "if (!call || call.endedAt !== null) return 'ended';", ''],
    DOOR,
  ),
  unit(
    'SVC4',
    'a service takes a seat as a person does',
    [
      'features/calls/door',
      'if (row.hidden === 1 || isService(row)) return;',
      'if (row.hidden === 1) return;',
    ],
    DOOR,
  ),
  unit(
    'SVC5',
    'a key that only receives publishes',
    [WANTED, 'kinds: new Set(publishes ? asked.kinds : []),', 'kinds: new Set(asked.kinds),'],
    DOOR,
  ),
  unit(
    'SVC7',
    'the rights of a service that dialled itself are written over',
    [WANTED, 'if (service_key === null) return null;', ''],
    DOOR,
  ),
  unit(
    'SVC8',
    'every kind may dial',
    [WANTED, 'service_key === null ? services.mayDial(kind) :', 'service_key === null ? true :'],
    DOOR,
  ),
  unit(
    'SVC12',
    'services outlive the call',
    [WANTED, "if (!call || call.endedAt !== null) return 'ended';", ''],
    DOOR,
  ),
  unit(
    'SVC16',
    'a key that is taken away goes on',
    [WANTED, 'services.key(service_key)?.kinds.includes(kind) === true', 'true'],
    DOOR,
  ),
];
