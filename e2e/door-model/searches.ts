import type { Search } from './spin.ts';

/** A search, and the sentence that says what it is about. */
export interface Told {
  what: string;
  model: Search['model'];
  defines: string;
  /** The claims, each searched by itself. */
  claims: string;
  /** 2: takes minutes. */
  size?: 2;
}

/** What must hold, by the rule that says so. */
export const RIGHT: Readonly<Record<string, readonly Told[]>> = {
  DOR1: [
    { what: 'three connections, the job at two nodes', ...door('WITH_SECOND WITH_RESUME WITH_RECOVERY') },
    {
      what: 'late reports, a sweep, a new boot id',
      ...door('WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP WITH_RESTART'),
    },
    { what: 'a client that leaves meanwhile', ...door('WITH_SECOND WITH_LEAVE WITH_RECOVERY') },
    { what: 'a ban, an unban, a ban, two devices', ...door('WITH_UNBAN WITH_DEVICE WITH_BAN_AGAIN') },
    {
      what: 'reports, a sweep, the job at two nodes',
      ...door('WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP WITH_RECOVERY'),
      size: 2,
    },
    {
      what: 'reports, a client that leaves, the job at two nodes',
      ...door('WITH_SECOND WITH_RESUME WITH_NEWS WITH_LEAVE WITH_RECOVERY'),
      size: 2,
    },
    {
      what: 'two devices, one with two connections',
      ...door('WITH_SECOND WITH_DEVICE WITH_UNBAN'),
      size: 2,
    },
  ],
  DOR2: [
    { what: 'reports and a sweep', ...door('WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP', 'ends') },
    { what: 'an unban and a new session', ...door('WITH_UNBAN WITH_DEVICE WITH_BAN_AGAIN', 'ends') },
    { what: 'a client that leaves', ...door('WITH_SECOND WITH_LEAVE WITH_RECOVERY', 'ends') },
    { what: 'two devices', ...door('WITH_SECOND WITH_DEVICE WITH_UNBAN', 'ends'), size: 2 },
  ],
  DOR3: [
    { what: 'doors and the act killed anywhere', ...door('KILLS WITH_SECOND WITH_RECOVERY', 'rest') },
    {
      what: 'and a resume',
      ...door('KILLS WITH_SECOND WITH_RESUME WITH_RECOVERY', 'rest'),
      size: 2,
    },
  ],
  DOR4: [
    {
      what: 'reports of those before, and a sweep',
      ...door('NO_BAN WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP', 'welcome'),
    },
    { what: 'a ban that was taken back is still at work', ...door('WITH_UNBAN WITH_DEVICE', 'spares') },
    {
      what: 'and its job at two nodes',
      ...door('WITH_UNBAN WITH_DEVICE WITH_RECOVERY', 'spares'),
      size: 2,
    },
  ],
  DOR5: [{ what: 'one seat, two people', ...of('seats', '', 'seats strict') }],
  DOR6: [
    { what: 'a revoke while a door dials', ...of('permissions', '', 'revokes') },
    { what: 'the door at another node', ...of('permissions', 'DOOR=1', 'revokes') },
    { what: 'an old grant lands late', ...of('permissions', 'WITH_GRANT', 'revokes') },
    { what: 'and the sweep mends', ...of('permissions', 'WITH_GRANT WITH_SWEEP', 'revokes') },
  ],
  DOR7: [
    { what: 'nobody is killed', ...of('permissions', 'RESTS WITH_GRANT', 'rest') },
    { what: 'the door at another node', ...of('permissions', 'RESTS WITH_GRANT DOOR=1', 'rest') },
    { what: 'killed anywhere', ...of('permissions', 'RESTS KILLS WITH_GRANT WITH_SWEEP', 'rest') },
    {
      what: 'killed, the door at another node',
      ...of('permissions', 'RESTS KILLS WITH_GRANT WITH_SWEEP DOOR=1', 'rest'),
    },
  ],
  DOR12: [
    { what: 'two joins', ...door('NO_BAN ONE_NODE SETTLES WITH_SECOND', 'rest') },
    {
      what: 'and a resume, late reports, a sweep',
      ...door('NO_BAN ONE_NODE SETTLES WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP', 'rest'),
    },
  ],
};

/** Wrong variants and claims of the impossible: each must fail. */
export const WRONG: readonly Told[] = [
  { what: 'sessions are read before the decision is committed', ...door('READS_FIRST') },
  { what: 'nothing is checked at (d) and (d2)', ...door('NO_D NO_D2') },
  { what: '(d) looks at nothing, and nobody at (d2)', ...door('D_NO_ROW D_NO_POLICY NO_D2') },
  { what: 'nobody asks policy', ...door('NO_B D_NO_POLICY NO_D2') },
  { what: '(d) does not look at the row', ...door('D_NO_ROW WITH_SECOND WITH_RESUME WITH_RECOVERY') },
  { what: '(d) does not look at the row, and an unban comes', ...door('D_NO_ROW WITH_UNBAN', 'ends') },
  { what: 'rows are revoked after the media server was asked', ...door('LATE_REVOKE WITH_SECOND') },
  { what: 'the same, and an unban comes', ...door('LATE_REVOKE WITH_UNBAN', 'ends') },
  { what: 'acts look at active sessions only, and nobody looks at (d2)', ...door('ONLY_ACTIVE NO_D2') },
  { what: 'the reply does not wait for the media server', ...door('REPLIES_EARLY') },
  {
    what: 'rows are noted as ended before the media server has answered',
    ...door('NOTES_EARLY WITH_RECOVERY'),
  },
  {
    what: 'the job is done before the media server has answered',
    ...door('DONE_EARLY KILLS WITH_RECOVERY', 'rest'),
  },
  {
    what: 'a second ban ends a session that was made after the unban',
    ...door('WITH_UNBAN WITH_DEVICE WITH_BAN_AGAIN', 'spares'),
  },
  { what: 'the job dies with its node', ...door('KILLS', 'rest') },
  { what: 'who takes over a job leaves revoked rows out', ...door('FORGETS_REVOKED WITH_RECOVERY') },
  { what: 'revoked rows are read before the commit (h)', ...door('OVER_READ_EARLY WITH_LEAVE') },
  { what: 'the same, and two nodes at one job', ...door('OVER_READ_EARLY WITH_RECOVERY') },
  {
    what: 'acts do not see who was set aside',
    ...door('ASIDE_UNSEEN WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP'),
  },
  { what: 'nor leave doors a mark in the row', ...door('ASIDE_UNSEEN UNMARKED WITH_SECOND WITH_NEWS') },
  {
    what: 'the sweep sets aside whoever is there by now',
    ...door('ASIDE_UNSEEN LOST_UNASKED WITH_SECOND WITH_SWEEP'),
  },
  { what: 'nor looks anybody once more at (d2)', ...door('ASIDE_UNSEEN NO_D2 WITH_SECOND WITH_SWEEP') },
  {
    what: 'who came last is shut out by who came before',
    ...door('NO_BAN UNMARKED WITH_SECOND WITH_NEWS', 'welcome'),
  },
  {
    what: 'a report of a predecessor keeps its successor out',
    ...door('NO_BAN UNMARKED KEEPS_OLD WITH_SECOND WITH_NEWS', 'welcome'),
  },
  { what: 'connections of a session dial at once', ...door('NO_BAN SETTLES WITH_SECOND', 'rest') },
  {
    what: 'who has lost the turn dials all the same',
    ...door('NO_BAN ONE_NODE LOSERS_DIAL SETTLES WITH_SECOND', 'rest'),
  },
  { what: 'an unban revives sessions that are over', ...door('REVIVES WITH_UNBAN WITH_SECOND', 'ends') },
  { what: 'a resume is not checked at (d)', ...door('RESUME_UNCHECKED WITH_RESUME WITH_SECOND') },
  {
    what: 'nor at a media server that makes participants anew for it',
    ...door('RESUME_UNCHECKED RECREATES WITH_RESUME'),
  },
  { what: 'media flows before (e)', ...door('EARLY_MEDIA') },
  { what: 'seats are counted without the lock', ...of('seats', 'NO_LOCK', 'seats') },
  { what: 'seats are counted in (b)', ...of('seats', 'COUNTS_IN_B', 'seats') },
  { what: 'a report of a predecessor frees the seat of its successor', ...of('seats', 'UNMARKED', 'seats') },
  { what: 'the sweep frees the seat of who came meanwhile', ...of('seats', 'LOST_UNASKED', 'seats') },
  { what: 'the seat of who is being removed is free at once', ...of('seats', 'REVOKED_RISE', 'strict') },
  { what: 'nobody compares before (e) with what was dialled', ...of('permissions', 'NO_D2', 'revokes') },
  {
    what: 'the gateway trusts the media server',
    ...of('permissions', 'GATEWAY_TRUSTS WITH_GRANT', 'revokes'),
  },
  {
    what: 'negotiated tracks outlive a revoke',
    ...of('permissions', 'SERVER_STARTS_LATE WITH_GRANT', 'revokes'),
  },
  { what: 'the media server is told once', ...of('permissions', 'RESTS TELLS_ONCE WITH_GRANT', 'rest') },
  { what: 'workers are killed and nothing sweeps', ...of('permissions', 'RESTS KILLS WITH_GRANT', 'rest') },
  {
    what: 'a door and a worker of two nodes both stop too long',
    ...of('permissions', 'DOOR=1 WITH_GRANT', 'revokes'),
  },
];

/** Claims of the impossible, which must fail: or the others would say nothing. */
export const POSSIBLE: readonly Told[] = [
  { what: 'a new session gets in after an unban', ...door('WITH_UNBAN WITH_DEVICE', 'locked') },
  { what: 'somebody is heard, and an act replies', ...door('WITH_SECOND', 'unheard unasked') },
  { what: 'the seat of one who has gone is taken', ...of('seats', '', 'stuck') },
  { what: 'tracks flow', ...of('permissions', '', 'silent') },
];

/** Variants that look wrong and are not: each must hold, and docs/spec/door.md says why. */
export const HARMLESS: readonly Told[] = [
  { what: '(b) is left out', ...door('NO_B WITH_SECOND WITH_RESUME WITH_RECOVERY', 'binds ends') },
  {
    what: '(d2) does not ask policy',
    ...door('NO_D2 WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP', 'binds ends'),
  },
  {
    what: 'only (d2) asks policy',
    ...door('NO_B D_NO_POLICY WITH_SECOND WITH_RESUME WITH_RECOVERY', 'binds ends'),
  },
  {
    what: 'acts look at active sessions only',
    ...door('ONLY_ACTIVE WITH_SECOND WITH_RECOVERY', 'binds ends'),
  },
  { what: '(d) does not ask policy', ...door('D_NO_POLICY WITH_SECOND WITH_RECOVERY', 'binds ends') },
  {
    what: 'doors leave no mark, to acts',
    ...door('UNMARKED WITH_SECOND WITH_RESUME WITH_NEWS WITH_SWEEP', 'binds ends'),
  },
  { what: 'resumes make participants anew', ...door('RECREATES WITH_RESUME WITH_SECOND', 'binds ends') },
];

function of(model: Search['model'], defines: string, claims: string): Omit<Told, 'what'> {
  return { model, defines, claims };
}

function door(defines: string, claims = 'binds'): Omit<Told, 'what'> {
  return of('door', defines, claims);
}
