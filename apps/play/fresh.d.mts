/** As in fresh.mjs. */
export function buildPlayPage(onBuild?: () => void): Promise<'fresh' | 'built'>;
