import type { AppHooks, CoreServices, Services } from '../services.ts';
import type { MediaDoor } from './media-door.ts';

/** What decides who gets in. */
export interface GateOptions {
  services: CoreServices;
  credentials: { apiKey: string; apiSecret: string };
}

/** What the transport needs beside the features' services. */
export interface HttpOptions {
  services: Services;
  credentials: { apiKey: string; apiSecret: string };
  /** What the door for media clients answers over HTTP. */
  gateway: MediaDoor;
  hooks?: AppHooks;
}
