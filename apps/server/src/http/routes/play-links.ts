import { cidOf } from '@callgate/contract';
import { createPlayLink, exchangePlayLink } from '../../features/play-links/index.ts';
import { notSupported } from '../../kernel/errors.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Links into a call for people without an account. */
export const playLinkRoutes = (route: Route, services: Services): void => {
  const { acts, apiKey, config, media, userTokens } = services;
  const base = config.publicUrl?.replace(/\/+$/, '');
  const demandSwitchedOn = (): void => {
    if (config.play === 'off') throw notSupported('the call page, which CALLGATE_PLAY switches off,');
  };
  route('createPlayLink', ({ request, params, body, door }) => {
    demandSwitchedOn();
    const origin = base ?? door.replace(/^ws/, 'http');
    return createPlayLink(acts, request, { ...body, cid: cidOf(params.type, params.id) }, { origin, apiKey });
  });
  route('exchangePlayLink', async ({ request, body, door }) => {
    demandSwitchedOn();
    const reply = await exchangePlayLink(acts, request, body, userTokens);
    const url = media.configured ? (base?.replace(/^http/, 'ws') ?? door) : null;
    return { ...reply, body: { ...reply.body, media: { configured: media.configured, url } } };
  });
};
