import { CallPath, CommonQuery } from '../schemas/fields.ts';
import {
  CreatePlayLinkRequest,
  CreatePlayLinkResponse,
  ExchangePlayLinkRequest,
  ExchangePlayLinkResponse,
} from '../schemas/play-links.ts';
import { bodyErrors, openErrors, operations } from './operation.ts';

export const playLinkOperations = operations({
  createPlayLink: {
    id: 'createPlayLink',
    method: 'POST',
    path: '/api/v2/video/call/:type/:id/play_links',
    summary: 'Make a link into the call',
    description:
      'Answers a link to the call page at `/play` that lets one person, once, into this call, without an account of yours. A role other than `call_member` needs `update-call-member-role`, and with a user token a rank below one’s own. At most 100 links of a call are open. With the call page switched off: 400, code 19.',
    tags: ['play links'],
    params: CallPath,
    query: CommonQuery,
    body: CreatePlayLinkRequest,
    bodyOptional: true,
    success: { status: 201, schema: CreatePlayLinkResponse },
    errors: bodyErrors('not_found', 'feature_not_supported'),
    auth: 'server or user',
    capability: 'update-call-member',
    limit: 'default',
    write: true,
  },
  exchangePlayLink: {
    id: 'exchangePlayLink',
    method: 'POST',
    path: '/api/v2/play/exchange',
    summary: 'Use a link into a call',
    description:
      'Makes the person of the link, or takes the one who is there, adds them to the members of its call and answers a token that is good for that call alone. A link is good once: unknown, used and expired ones are 403, code 17, and so are pages of other origins. With the call page switched off: 400, code 19.',
    tags: ['play links'],
    query: CommonQuery,
    body: ExchangePlayLinkRequest,
    success: { status: 201, schema: ExchangePlayLinkResponse },
    errors: openErrors('not_allowed', 'not_found', 'feature_not_supported'),
    auth: 'none',
    ownPagesOnly: true,
    limit: 'unauthenticated',
    write: true,
  },
});
