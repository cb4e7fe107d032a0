import type { AppHooks, Services } from '../services.ts';

/** What the transport needs beside the features' services. */
export interface HttpOptions {
  services: Services;
  credentials: { apiKey: string; apiSecret: string };
  hooks?: AppHooks;
}
