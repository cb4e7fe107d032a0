import { at, type PlantedFault } from './fault.ts';

const CUT = 'e2e/hostile/lost-signalling.test.ts';

/** Of two connections of a session the one that has lost its turn may dial last. */
const DIAL_AT_ONCE = [
  at(
    'gateway/entering',
    'return deps.inTurn(claims.sessionId, () => dialInTurn(deps, { asked, claims, parameters, knocked, known }));',
    'return dialInTurn(deps, { asked, claims, parameters, knocked, known });',
  ),
  at('gateway/entering', 'await deps.door.demandTurn(claims.sessionId, knocked.turn);', ''),
];

/** Faults of the door that need media to be seen: each takes the rule's tests with LiveKit, on SQLite. */
export const DOOR_FAULTS: readonly PlantedFault[] = [
  {
    rule: 'GAT2',
    what: 'a forged report is believed',
    edits: [at('livekit/livekit-adapter', "return 'forged';", 'return undefined;')],
    test: 'e2e/media/late.test.ts',
  },
  {
    rule: 'GAT3',
    what: 'nobody looks at the signature of a join token',
    edits: [
      at(
        'features/media/join-token',
        'payload = verify(token) as Record<string, unknown>;',
        "payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());\n    if (payload === verify) throw new Error();",
      ),
    ],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT4',
    what: '`validate` asks no policy',
    edits: [
      at(
        'gateway/gateway',
        'await door.look({ claims, address: counted, resumes: null });',
        'if (!claims || !counted) return undefined;',
      ),
    ],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT5',
    what: 'both connections of a session stay',
    edits: [
      at(
        'gateway/relays',
        "for (const one of older) void one.close('replaced');",
        'if (older.length < 0) return;',
      ),
      at(
        'gateway/to-client',
        "    case 'leave': {",
        "    case 'leave':\n      return { dropped: 'leave' };\n    case undefined: {",
      ),
    ],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT5',
    what: 'connections of a session dial at once, whoever has the turn',
    edits: DIAL_AT_ONCE,
    ...{ test: 'e2e/media/door.test.ts', title: '\\[GAT5\\] of two at once' },
  },
  {
    rule: 'GAT6',
    what: 'whoever names a participant goes on with it',
    edits: [
      at(
        'features/calls/door',
        "if (resumes !== null && (found.state !== 'active' || found.participant_sid !== resumes)) return undefined;",
        '',
      ),
      at('gateway/entering', 'if (reconnect && !known) return undefined;', ''),
    ],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT7',
    what: "the media server's own token is handed out",
    edits: [at('gateway/to-client', 'const value = tokens.refreshToken();', 'const { value } = message;')],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT8',
    what: 'a session has any number of connections',
    edits: [at('gateway/crowd', "demandRoom(keys[1], MOST_OF_SESSION, 'this session');", '')],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT10',
    what: 'a media server that is away is an error of ours',
    edits: [at('gateway/dial', 'reject(unreachable(what));', 'reject(new Error(what));')],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT11',
    what: 'a lost connection ends the session',
    edits: [at('gateway/relays', "if (how === 'cut') {", 'if (how === undefined) {')],
    test: 'e2e/media/acts.test.ts',
  },
  {
    rule: 'GAT12',
    what: 'refusals are not counted',
    edits: [at('gateway/gateway', 'void counts.set(what, (counts.get(what) ?? 0) + 1);', 'void what;')],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT13',
    what: 'who says that it leaves is out for good',
    edits: [at('gateway/relays', "how === 'left' ? door.left(session.id, participant.roster.ownSid) :", '')],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GAT15',
    what: 'what is no handshake keeps its place',
    edits: [at('gateway/gateway', 'if (!isOpen) giveUp(entered, place);', '')],
    test: 'e2e/media/door.test.ts',
  },
  {
    rule: 'GWH7',
    what: 'of two that come at once both may be outside',
    edits: DIAL_AT_ONCE,
    ...{ test: CUT, title: '\\[GWH7\\] of two that come at once' },
  },
  {
    rule: 'GWH14',
    what: 'a ban is not asked of who is in',
    edits: [
      at(
        'features/bans/ban-user',
        'cid === undefined ? { userId: target.id } : { userId: target.id, cid },',
        '...(cid === undefined ? [] : [{ userId: target.id, cid }]),',
      ),
    ],
    ...{ test: CUT, title: '\\[GWH14\\] a ban' },
  },
  {
    rule: 'GWH16',
    what: 'whatever ends a connection has one name',
    edits: [at('gateway/relay', '{reason}`);', "{'breach'}`);")],
    ...{ test: 'e2e/hostile/counted.test.ts', title: '\\[GWH16\\] closed: cid malformed' },
  },
];
