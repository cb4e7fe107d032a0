/** What stands in the fragment of a link. */
export interface Link {
  apiKey: string;
  secret: string;
}

/**
 * Takes key and secret out of the address, so that neither stays in the history, on a shared screen or in a bookmark.
 * Undefined: the page was opened without a link.
 */
export function takeLink(): Link | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const apiKey = fragment.get('key');
  const secret = fragment.get('link');
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  return apiKey && secret ? { apiKey, secret } : undefined;
}
