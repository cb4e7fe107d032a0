import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import {
  addressText,
  canonicalAddress,
  covers,
  isPrivateAddress,
  parsePrefix,
  prefixText,
} from '../../kernel/address.ts';
import { planOfKnown, planOfRanges, prefixTexts, type SpareRules } from './address-plan.ts';
import { alignedPrefixes, candidatePrefixes, isWithin, parseRange, textBounds } from './ip-prefix.ts';

const prefix = (text: string) => {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(`no prefix: ${text}`);
  return parsed;
};
const RULES: SpareRules = { allowlist: [], proxies: [], includePrivate: false, ipv6Length: 64 };

const address = fc.oneof(
  fc.ipV4(),
  fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => ipaddr.fromByteArray([...bytes]).toString())
    .filter((text) => text.includes(':')),
);

describe('addresses and prefixes', () => {
  test('[IPB1] forms that programs read differently, zones and words are no addresses', () => {
    for (const text of ['127.1', '010.0.0.1', '0x7f.1', 'fe80::1%eth0', 'x', '', '1.2.3.4.5', ':::']) {
      expect(canonicalAddress(text), text).toBe(null);
    }
    for (const text of ['1.2.3.4/33', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/8/8', '::/129', '1.2.3.4/08']) {
      expect(parsePrefix(text), text).toBe(null);
    }
  });

  test('[IPB1] an address has one text: IPv4 within IPv6 is IPv4, IPv6 is shortened, bits behind the length are cleared', () => {
    expect(canonicalAddress('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(canonicalAddress('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
    expect(prefixText(prefix('203.0.113.77/24'))).toBe('203.0.113.0/24');
    expect(prefixText(prefix('::ffff:203.0.113.77/120'))).toBe('203.0.113.0/24');
    expect(prefixText(prefix('2001:db8:1:2:3::1/64'))).toBe('2001:db8:1:2::/64');
  });

  test('[IPB1] the text of an address is that of ipaddr.js', () => {
    const bytes = fc.array(
      fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 255 })),
      {
        minLength: 16,
        maxLength: 16,
      },
    );
    fc.assert(
      fc.property(bytes, (all) => {
        expect(addressText(all)).toBe(ipaddr.fromByteArray([...all]).toString());
        expect(addressText(all.slice(0, 4))).toBe(ipaddr.fromByteArray(all.slice(0, 4)).toString());
      }),
      { numRuns: 2000 },
    );
  });

  test('[IPB2] ranges wider than /8 for IPv4 and /16 for IPv6, and what is no range, are 400, code 4', () => {
    for (const text of ['0.0.0.0/0', '10.0.0.0/7', '::/0', '2000::/15', 'word'])
      expect(() => parseRange(text, 'ip_ranges.3'), text).toThrow(/^ip_ranges\.3: /);
    expect(prefixText(parseRange('20.0.0.0/8', 'x'))).toBe('20.0.0.0/8');
    expect(prefixText(parseRange('2001::/16', 'x'))).toBe('2001::/16');
  });

  test('[IPB3] a stored range contains exactly the addresses of the asked range', () => {
    fc.assert(
      fc.property(address, address, fc.integer({ min: 8, max: 128 }), (inside, other, bits) => {
        const length = inside.includes(':') ? Math.max(16, bits) : Math.min(32, bits);
        const range = prefix(`${inside}/${length}`);
        const stored = alignedPrefixes(range);
        expect(stored.length).toBeLessThanOrEqual(8);
        for (const text of [inside, other]) {
          const candidates = new Set(candidatePrefixes(text));
          const isBanned = stored.some((part) => candidates.has(prefixText(part)));
          expect(isBanned).toBe(covers(range, prefix(text)));
        }
      }),
    );
  });

  test('[IPB3] at most 7 prefixes of an IPv4 and 29 of an IPv6 address can be banned', () => {
    expect(candidatePrefixes('203.0.113.7')).toHaveLength(7);
    expect(candidatePrefixes('2001:db8::1')).toHaveLength(29);
    expect(candidatePrefixes('word')).toEqual([]);
  });

  test('[IPB10] the text of every address of a range sorts within its bounds', () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 8, max: 128 }), (inside, bits) => {
        const length = inside.includes(':') ? Math.max(16, bits) : Math.min(32, bits);
        const { lo, hi } = textBounds(prefix(`${inside}/${length}`));
        const text = canonicalAddress(inside) ?? '';
        expect(lo <= text && text <= hi).toBe(true);
      }),
    );
  });

  test('[IPB4] a known IPv4 address is taken exactly, an IPv6 address by its configured prefix', () => {
    const plan = planOfKnown(['203.0.113.7', '2001:db8:1:2:a:b:c:d'], RULES);
    expect(prefixTexts(plan)).toEqual(['2001:db8:1:2::/64', '203.0.113.7/32']);
    const narrow = planOfKnown(['2001:db8:1:2:a:b:c:d'], { ...RULES, ipv6Length: 128 });
    expect(isWithin('2001:db8:1:2:a:b:c:e', narrow.prefixes)).toBe(false);
  });

  test('[IPB5] loopback, private, link-local and carrier addresses, named proxies and the allowlist are spared', () => {
    const spared = ['127.0.0.1', '::1', '10.1.2.3', '192.168.0.9', '172.16.4.4', '169.254.1.1', '100.64.0.1'];
    expect(spared.filter((text) => !isPrivateAddress(text))).toEqual([]);
    const rules = {
      ...RULES,
      proxies: [prefix('198.51.100.0/24')],
      allowlist: [prefix('203.0.113.0/28')],
    };
    const plan = planOfKnown([...spared, 'fe80::1', 'fd00::1', '198.51.100.9', '203.0.113.1'], rules);
    expect(plan).toEqual({ prefixes: [], skipped: { private: 9, proxy: 1, allowlist: 1 } });
    expect(planOfRanges(['10.0.0.0/8', '203.0.113.0/28'], rules).skipped).toEqual({
      private: 1,
      allowlist: 1,
    });
  });

  test('[IPB5] with include_private they are taken; the allowlist is spared even then', () => {
    const rules = { ...RULES, includePrivate: true, allowlist: [prefix('10.0.0.1')] };
    expect(prefixTexts(planOfKnown(['127.0.0.1', '10.0.0.1'], rules))).toEqual(['127.0.0.1/32']);
  });
});
