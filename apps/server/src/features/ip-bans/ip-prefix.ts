import {
  addressText,
  covers,
  isPrivateAddress,
  type Prefix,
  parsePrefix,
  prefixText,
  shorten,
} from '../../kernel/address.ts';
import { inputError } from '../../kernel/errors.ts';

/** The widest ranges that a ban may take: wider ones close the service rather than keep somebody out. */
export const WIDEST = { v4: 8, v6: 16 } as const;

/**
 * Bans are stored with lengths in steps of four bits, other lengths as up to eight longer prefixes. So an address
 * lies in at most 7 (IPv4) or 29 (IPv6) prefixes that could be stored, and one statement with that many index
 * look-ups answers (measured in docs/adr/0005-address-bans-in-sql.md).
 */
const STEP_BITS = 4;

const bitsOf = (prefix: Prefix): number => prefix.bytes.length * 8;
const widestOf = (prefix: Prefix): number => (bitsOf(prefix) === 32 ? WIDEST.v4 : WIDEST.v6);

/** Every prefix that may be stored and contains the address, as text; none for what is no address. */
export function candidatePrefixes(address: string): string[] {
  const whole = parsePrefix(address);
  if (!whole) return [];
  const found: string[] = [];
  const bytes = [...whole.bytes];
  // From the whole address down, clearing four bits at a time.
  for (let length = bitsOf(whole); length >= widestOf(whole); length -= STEP_BITS) {
    found.push(prefixText({ bytes, length }));
    const place = (length - STEP_BITS) >> 3;
    bytes[place] = length % 8 === 0 ? (bytes[place] ?? 0) & 0xf0 : 0;
  }
  return found;
}

/** What a ban of one person's address takes: IPv4 exactly, IPv6 by its first `ipv6Length` bits. */
export const prefixOfAddress = (address: Prefix, ipv6Length: number): Prefix =>
  bitsOf(address) === 128 ? shorten(address, ipv6Length) : address;

/** A range as a request names it; 400/4 naming `field` when it is none or too wide. */
export function parseRange(text: string, field: string): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix) throw inputError(field, `"${text}" is not an address or CIDR range such as 203.0.113.0/24`);
  if (prefix.length >= widestOf(prefix)) return prefix;
  throw inputError(field, `too wide: at least /${WIDEST.v4} for IPv4 and /${WIDEST.v6} for IPv6`);
}

/** The same addresses as prefixes whose lengths are in steps of four bits: one to eight of them. */
export function alignedPrefixes(prefix: Prefix): Prefix[] {
  const length = Math.ceil(prefix.length / STEP_BITS) * STEP_BITS;
  const count = 2 ** (length - prefix.length);
  return Array.from({ length: count }, (_, at) => withBits(prefix, length, at));
}

/** `prefix` made `length` long, the added bits holding `value`; all of them stand in one byte. */
function withBits(prefix: Prefix, length: number, value: number): Prefix {
  const place = Math.ceil(length / 8) - 1;
  const shift = (8 - (length % 8)) % 8;
  const bytes = prefix.bytes.map((byte, at) => (at === place ? byte | (value << shift) : byte));
  return { bytes, length };
}

/** Whether the address lies in one of the prefixes. */
export const isWithin = (address: string, prefixes: readonly Prefix[]): boolean => {
  const whole = parsePrefix(address);
  return whole !== null && prefixes.some((prefix) => covers(prefix, whole));
};

/** Whether the whole prefix is private: its first address and its last. */
export const isPrivatePrefix = (prefix: Prefix): boolean =>
  isPrivateAddress(addressText(prefix.bytes)) && isPrivateAddress(addressText(lastAddress(prefix)));

function lastAddress({ bytes, length }: Prefix): number[] {
  return bytes.map((byte, at) => byte | (0xff >> Math.min(8, Math.max(0, length - at * 8))));
}

/**
 * Bounds between which the canonical text of every address of the prefix sorts (and of some others): the whole
 * groups of its text that the prefix fixes. Lets an index on the text find the addresses of a range.
 */
export function textBounds(prefix: Prefix): { lo: string; hi: string } {
  const address = addressText(prefix.bytes);
  if (prefix.length === bitsOf(prefix)) return { lo: address, hi: address };
  const start = bitsOf(prefix) === 32 ? fixedGroups4(prefix) : fixedGroups6(prefix);
  // `~` sorts behind every character of an address.
  return { lo: start, hi: `${start}~` };
}

const fixedGroups4 = ({ bytes, length }: Prefix): string =>
  bytes
    .slice(0, Math.floor(length / 8))
    .map((byte) => `${byte}.`)
    .join('');

/** Up to the first group that is zero: from there the canonical text may be shortened to `::`. */
function fixedGroups6({ bytes, length }: Prefix): string {
  let start = '';
  for (let group = 0; group < Math.floor(length / 16); group++) {
    const value = (bytes[group * 2] ?? 0) * 256 + (bytes[group * 2 + 1] ?? 0);
    if (value === 0) break;
    start += `${value.toString(16)}:`;
  }
  return start;
}
