const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** The first and the last moment in UTC that have a year of four digits, in milliseconds since 1970. */
const FIRST = Date.parse('0000-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * An RFC 3339 time in milliseconds since 1970, finer fractions cut off; undefined for anything else: a date without a
 * time zone, the 30th of February, a leap second, a time that an offset moves out of the years 0000 to 9999.
 */
export function parseTime(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day) return undefined;
  const ms = Date.parse(text.toUpperCase());
  return ms >= FIRST && ms <= LAST ? ms : undefined;
}
