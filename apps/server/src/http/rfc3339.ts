const FORM =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The first and the last moment in UTC that have a year of four digits. Milliseconds since 1970. */
const FIRST = Date.parse('0000-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');
/** An offset can move a time out of the years that an answer can write. */
const isWritable = (ms: number): boolean => ms >= FIRST && ms <= LAST;

/** Whether the text is a time in RFC 3339 with an existing date. Leap seconds are not accepted. */
export function isRfc3339(text: string): boolean {
  const [, year, month, day, hour, minute, second] = FORM.exec(text) ?? [];
  if (year === undefined) return false;
  return (
    Number(day) >= 1 &&
    Number(day) <= daysIn(Number(year), Number(month)) &&
    Number(hour) <= 23 &&
    Number(minute) <= 59 &&
    Number(second) <= 59 &&
    isWritable(Date.parse(text))
  );
}

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}
