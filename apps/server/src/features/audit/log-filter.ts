/** Which records are asked for; absent: all. Texts are matched whole. */
export interface LogFilter {
  action?: string | undefined;
  /** Whoever acted, or was acted for. */
  actor_id?: string | undefined;
  target_id?: string | undefined;
  call_cid?: string | undefined;
  request_id?: string | undefined;
  /** RFC 3339; at or after. */
  from?: string | undefined;
  /** RFC 3339; before. */
  to?: string | undefined;
}

/** The filter in the language of lists. Fields that are not asked for are left out, so that a cursor keeps fitting. */
export function conditionsOf(filter: LogFilter): Record<string, unknown> {
  const { actor_id, from, to } = filter;
  const conditions: Record<string, unknown> = {};
  for (const field of ['action', 'target_id', 'call_cid', 'request_id'] as const) {
    if (filter[field] !== undefined) conditions[field] = filter[field];
  }
  if (actor_id !== undefined) conditions.$or = [{ actor_id }, { as_id: actor_id }];
  const at = { ...(from !== undefined && { $gte: from }), ...(to !== undefined && { $lt: to }) };
  if (Object.keys(at).length > 0) conditions.created_at = at;
  return conditions;
}
