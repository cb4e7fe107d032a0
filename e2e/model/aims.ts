import { type Command, type CommandName, PLACES, type Place } from './commands.ts';
import { byServer, capabilities, stateOf } from './rules.ts';
import type { CallState, Model } from './state.ts';

/** What a command can be aimed at, so that it finds what it is about. */
type Aim = Partial<Pick<Command, 'by' | 'in' | 'whom' | 'value'>>;

const KINDS = ['send-audio', 'send-video', 'screenshare'];

const everywhere =
  (aims: (call: CallState, place: Place, model: Model) => Aim[]) =>
  (model: Model): Aim[] =>
    PLACES.flatMap((place) => aims(model.calls[place], place, model).map((aim) => ({ ...aim, in: place })));

const requests = everywhere(({ requests: list }) =>
  list.map(({ person, permission }) => ({ whom: person, value: permission })),
);
const present = everywhere(({ sessions }) => sessions.map(({ person }) => ({ whom: person })));
const said = everywhere(({ said: sayings }) =>
  [...sayings.keys()].map((key) => {
    const [person, capability = ''] = key.split(' ');
    return { whom: person as Command['whom'], value: capability };
  }),
);

/** Kinds that people who are here may ask for, having asked or not. */
const missing = everywhere((call, place, model) =>
  KINDS.filter((kind) => stateOf(model, place, kind) === 'on_request').flatMap((value) =>
    [...call.members.keys(), ...call.sessions.map(({ person }) => person)]
      .filter((person) => !capabilities(model, place, person, byServer).has(value))
      .map((person) => ({ by: person, whom: person, value })),
  ),
);

const AIMS: Partial<Record<CommandName, (model: Model) => Aim[]>> = {
  ask: missing,
  deny: requests,
  withdraw: requests,
  grant: requests,
  revoke: said,
  unblock: everywhere(({ blocked }) => [...blocked].map((whom) => ({ whom }))),
  unban_here: everywhere(({ bans }) => [...bans.keys()].map((whom) => ({ whom }))),
  kick: present,
  mute_one: present,
  leave: present,
};

/** What there is in the model that the command could be about; none: anything. */
export const aimsOf = (model: Model, name: CommandName): Aim[] => AIMS[name]?.(model) ?? [];
