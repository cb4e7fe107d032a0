import type { Check } from '../facts.ts';
import { api } from './api.ts';
import { clock } from './clock.ts';
import { database } from './database.ts';
import { disk } from './disk.ts';
import { limits } from './limits.ts';
import { media } from './media.ts';
import { mediaPort } from './media-port.ts';
import { proxy } from './proxy.ts';
import { publicUrl } from './public-url.ts';
import { secrets } from './secrets.ts';
import { webhooks } from './webhooks.ts';

/** Every check, in the order in which its findings are told. */
export const CHECKS: readonly Check[] = [
  api,
  publicUrl,
  proxy,
  media,
  mediaPort,
  clock,
  secrets,
  disk,
  database,
  webhooks,
  limits,
];
