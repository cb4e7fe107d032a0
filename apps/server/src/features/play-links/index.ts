export { createPlayLink, type LinkMaking } from './create-play-link.ts';
export { exchangePlayLink } from './exchange-play-link.ts';
export { linksAtStart, type StartLinks } from './links-at-start.ts';
export { purgePlayLinks } from './play-links.store.ts';
