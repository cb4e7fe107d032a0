/** Clients that act at once. */
export const CLIENTS = 16;
/** Calls that several clients act on, by cid. */
export const SHARED_CALLS = ['default:crash-0', 'default:crash-1', 'default:crash-2', 'default:crash-3'];

/** Who and what a client acts on. */
export const subjectsOf = (client: number) => ({
  banned: `c${client}-banned`,
  blocked: `c${client}-blocked`,
  granted: `c${client}-granted`,
  deactivated: `c${client}-deactivated`,
  call: SHARED_CALLS[client % SHARED_CALLS.length] ?? '',
  ownCall: `default:crash-own-${client}`,
  guest: (n: number) => `c${client}-guest-${n}`,
});
