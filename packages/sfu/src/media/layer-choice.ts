/** A track that one subscriber is sent, as far as bits go. */
export interface Candidate {
  /** What its layers take in bits a second, the lowest quality first; undefined for one that does not come. */
  readonly rates: readonly (number | undefined)[];
  /** The highest layer that the subscriber wants. */
  readonly wanted: number;
}

/**
 * The highest layer of each track that fits, all of them together, into `limit` bits a second. Everybody gets their lowest
 * layer whatever the limit is; then all are raised by one layer, in the order given, as long as it fits; and so on.
 */
export function chooseLayers(tracks: readonly Candidate[], limit: number): number[] {
  const chosen = tracks.map(({ rates, wanted }) => Math.min(wanted, lowest(rates)));
  let total = tracks.reduce((sum, { rates }, place) => sum + (rates[chosen[place] ?? 0] ?? 0), 0);
  for (let isRaised = true; isRaised; ) {
    isRaised = false;
    tracks.forEach((track, place) => {
      const from = chosen[place] ?? 0;
      const to = nextLayer(track, from);
      if (to === undefined) return;
      const more = (track.rates[to] ?? 0) - (track.rates[from] ?? 0);
      if (total + more > limit) return;
      chosen[place] = to;
      total += more;
      isRaised = true;
    });
  }
  return chosen;
}

const lowest = (rates: Candidate['rates']): number =>
  Math.max(
    0,
    rates.findIndex((rate) => rate !== undefined),
  );

/** The next one that comes, up to the one wanted. */
function nextLayer({ rates, wanted }: Candidate, from: number): number | undefined {
  for (let layer = from + 1; layer <= wanted && layer < rates.length; layer++) {
    if (rates[layer] !== undefined) return layer;
  }
  return undefined;
}
