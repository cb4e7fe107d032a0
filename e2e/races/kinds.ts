import { type Command, step } from '../model/commands.ts';
import type { Race } from './race.ts';

const by = (who: Command['by'], fields: Partial<Command> = {}): Partial<Command> => ({ by: who, ...fields });
const joins = (who: Command['by'], fields: Partial<Command> = {}) =>
  step('join', by(who, { value: '203.0.113.1', ...fields }));
const audioOnRequest = step('kind_setting', { value: 'audio=on_request' });
const asked = [audioOnRequest, step('ask', by('bela'))];
const intoBackstage = [step('backstage_setting'), step('stop_live')];

const race = (name: string, first: Command, second: Command, before: Command[] = []): Race => ({
  name,
  before,
  at: [first, second],
});

/** Two moderators, or two tabs of one, who want the same or the opposite. anna is host, cleo moderator. */
export const RACES: readonly Race[] = [
  race('grant, revoke', step('grant', by('anna')), step('revoke', by('cleo'))),
  race(
    'grant, another grant',
    step('grant', by('anna')),
    step('grant', by('cleo', { value: 'screenshare' })),
  ),
  race(
    'revoke, another revoke',
    step('revoke', by('anna')),
    step('revoke', by('cleo', { value: 'screenshare' })),
  ),
  race('the same grant twice', step('grant', by('anna')), step('grant', by('anna'))),
  race('ban, unban', step('ban'), step('unban', by('cleo'))),
  race('unban, ban', step('unban'), step('ban', by('cleo')), [step('ban')]),
  race('the same ban twice', step('ban', by('cleo')), step('ban', by('cleo'))),
  race(
    'ban, ban for another reason',
    step('ban', { value: 'raid' }),
    step('ban', by('cleo', { value: 'spam' })),
  ),
  race('ban here, ban everywhere', step('ban_here'), step('ban', by('cleo'))),
  race('ban of an address, join from there', step('ban_ip'), joins('dora'), [joins('bela')]),
  race('block, unblock', step('block', by('anna')), step('unblock', by('cleo'))),
  race('unblock, block', step('unblock', by('anna')), step('block', by('cleo')), [step('block')]),
  race('the same block by two', step('block', by('anna')), step('block', by('cleo')), [joins('bela')]),
  race('join, ban', joins('bela'), step('ban')),
  race('join, block', joins('bela'), step('block', by('anna'))),
  race('join, deactivate', joins('bela'), step('deactivate')),
  race('join, leave', joins('bela'), step('leave', by('bela'))),
  race('join, kick', joins('bela'), step('kick', by('anna'))),
  race('join, end', joins('bela'), step('end', by('anna'))),
  race('join, stop live', joins('bela'), step('stop_live', by('anna')), [step('backstage_setting')]),
  race('two for the last seat', joins('bela'), joins('dora', { whom: 'dora' }), [
    step('limit_setting', { value: 'max=1' }),
  ]),
  race('ban of somebody who is in, kick', step('ban'), step('kick', by('anna')), [joins('bela')]),
  race('kick, kick', step('kick', by('anna')), step('kick', by('cleo')), [joins('bela')]),
  race('kick, leave', step('kick', by('anna')), step('leave', by('bela')), [joins('bela')]),
  race('deactivate, ban', step('deactivate'), step('ban'), [joins('bela')]),
  race('deactivate, delete', step('deactivate'), step('delete'), [joins('bela')]),
  race('delete, create anew', step('delete'), step('upsert', { value: 'moderator' })),
  race('restore, create anew', step('restore'), step('upsert', { value: 'moderator' }), [step('delete')]),
  race(
    'two fields of the settings',
    step('kind_setting', by('anna', { value: 'audio=off' })),
    step('kind_setting', { value: 'video=on_request' }),
  ),
  race(
    'one field of the settings, two values',
    step('limit_setting', by('anna', { value: 'max=2' })),
    step('limit_setting', { value: 'max=3' }),
  ),
  race('go live, stop live', step('go_live', by('anna')), step('stop_live', by('cleo')), intoBackstage),
  race('end, end', step('end', by('anna')), step('end'), [joins('bela')]),
  race('ask, ask', step('ask', by('bela')), step('ask', by('bela')), [audioOnRequest]),
  race('deny, withdraw', step('deny', by('anna')), step('withdraw', by('bela')), asked),
  race('deny, deny', step('deny', by('anna')), step('deny', by('cleo')), asked),
  race('deny, grant', step('deny', by('anna')), step('grant', by('cleo')), asked),
  race('withdraw, grant', step('withdraw', by('bela')), step('grant', by('anna')), asked),
  race('mute, the same mute', step('mute_one', by('anna')), step('mute_one', by('cleo')), [joins('bela')]),
  race(
    'role in the call, removal',
    step('member_role', { value: 'host' }),
    step('remove_member', by('anna')),
  ),
  race(
    'two roles in the call',
    step('member_role', { value: 'host' }),
    step('member_role', { value: 'viewer' }),
  ),
  race('the last two admins against each other', ...lastAdmins('ban')),
  race('the last two admins demote each other', ...lastAdmins('role')),
  race('the last two hosts demote each other', ...lastHosts()),
];

function lastAdmins(name: 'ban' | 'role'): [Command, Command, Command[]] {
  const against = (who: 'anna' | 'cleo', whom: 'anna' | 'cleo') => step(name, by(who, { whom }));
  const before = (['anna', 'cleo'] as const).map((whom) => step('role', { whom, value: 'admin' }));
  return [against('anna', 'cleo'), against('cleo', 'anna'), before];
}

function lastHosts(): [Command, Command, Command[]] {
  const against = (who: 'anna' | 'dora', whom: 'anna' | 'dora') =>
    step('member_role', by(who, { whom, value: 'viewer' }));
  const before = (['anna', 'dora'] as const).map((whom) => step('member_role', { whom, value: 'host' }));
  return [against('anna', 'dora'), against('dora', 'anna'), before];
}
