/** Characters of a secret for HS256: 32 hexadecimal digits are 128 bits. */
export const STRONG_CHARACTERS = 32;

/** A secret that was drawn by chance has at least so many different characters. */
const DIFFERENT = 8;
/** Words of examples, and of people who wanted to change it later. */
const WORDS = /secret|passw|change.?me|example|callgate|livekit|1234567|qwert|letmein|test.?key/i;

/** Whether a secret is one that somebody would try: a word of an example, or a few characters again and again. */
export const isGuessable = (secret: string): boolean =>
  secret.length < 16 || new Set(secret).size < DIFFERENT || WORDS.test(secret);

/** The names that share one secret, a list for each secret that has several. */
export const doubles = (all: readonly (readonly [name: string, secret: string])[]): string[][] =>
  [...Map.groupBy(all, ([, secret]) => secret).values()]
    .filter((same) => same.length > 1)
    .map((same) => same.map(([name]) => name));
