import type { Tx } from '../../storage/database.ts';
import { builtInCallTypes } from './call-type.ts';
import { callTypes, saveCallType } from './call-types.store.ts';

/** Adds the built-in call types that are missing; on later starts none are. Changed ones stay as they are. */
export async function seedCallTypes(tx: Tx, now: number): Promise<void> {
  const builtIn = builtInCallTypes(now);
  await tx.lock(...builtIn.map((type) => `call-type:${type.name}` as const));
  const known = await callTypes(tx);
  for (const type of builtIn) if (!known.has(type.name)) await saveCallType(tx, type);
}
