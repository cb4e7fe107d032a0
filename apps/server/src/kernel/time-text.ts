const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|[+-](\d{2}):(\d{2}))$/;

/**
 * An RFC 3339 time in milliseconds since 1970, finer fractions cut off; undefined for anything else, such as a
 * date without a time zone or the 30th of February. A leap second counts as the second before it.
 */
export function parseTime(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, , offsetHour, offsetMinute] = match.map(Number);
  if (!isBelow(hour, 24) || !isBelow(minute, 60) || !isBelow(second, 61)) return undefined;
  if (!isBelow(offsetHour || 0, 24) || !isBelow(offsetMinute || 0, 60)) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year ?? 0, (month ?? 0) - 1, day);
  if (date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day) return undefined;
  const ms = Date.parse(text.toUpperCase().replace(/(:\d{2}:)60/, '$159'));
  return Number.isNaN(ms) ? undefined : ms;
}

const isBelow = (value: number | undefined, limit: number): boolean => value !== undefined && value < limit;
