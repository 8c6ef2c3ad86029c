/** Whose address a request has: what the peer is, what its headers say, and what of that is believed. */
import { describe, expect, test } from 'vitest';
import { createAddresses, limitKey } from '../../src/infra/addresses.ts';
import { readConfig } from '../../src/infra/process/config.ts';

const PROXY = '10.0.0.1';
const INNER = '10.0.0.2';
const CLIENT = '203.0.113.9';
const SPOOFED = '198.51.100.66';

const addressesWith = (env: Record<string, string>) =>
  createAddresses(readConfig({ TRUSTED_PROXIES: '10.0.0.0/8,2001:db8:ffff::/48', ...env }, 'all'));
const usual = addressesWith({});
const cloudflare = addressesWith({ REAL_ADDRESS_HEADER: 'CF-Connecting-IP' });
const ordered = addressesWith({ REAL_ADDRESS_HEADER: 'x-real-ip, cf-connecting-ip' });
const credulous = addressesWith({ TRUSTED_PROXIES: '' });

type Headers = { [name: string]: string | string[] };
const told = (text: string): Headers => ({ 'x-forwarded-for': text });

describe('the real address', () => {
  test.each<[string, string, Headers, string]>([
    ['no header, no proxy', CLIENT, {}, CLIENT],
    ['a client that names another address', CLIENT, told(SPOOFED), CLIENT],
    ['a client that claims to be a proxy’s', CLIENT, told(`${SPOOFED}, ${PROXY}`), CLIENT],
    ['a proxy that says nothing', PROXY, {}, PROXY],
    ['a proxy that names its client', PROXY, told(CLIENT), CLIENT],
    ['two proxies', PROXY, told(`${CLIENT}, ${INNER}`), CLIENT],
    ['what the client wrote before', PROXY, told(`${SPOOFED}, ${CLIENT}`), CLIENT],
    ['the same behind two proxies', PROXY, told(`${SPOOFED}, ${CLIENT}, ${INNER}`), CLIENT],
    ['a client that writes a trusted address', PROXY, told(`${INNER}, ${CLIENT}`), CLIENT],
    ['several headers', PROXY, { 'x-forwarded-for': [SPOOFED, CLIENT] }, CLIENT],
    ['proxies alone', PROXY, told(`10.9.9.9, ${INNER}`), '10.9.9.9'],
    ['a word where an address should be', PROXY, told('unknown'), PROXY],
    ['a word behind a proxy', PROXY, told(`${SPOOFED}, _hidden, ${INNER}`), INNER],
    ['nothing between commas', PROXY, told(`${SPOOFED},, ${INNER}`), INNER],
    ['an empty header', PROXY, told(''), PROXY],
    ['a number', PROXY, told('3405803785'), PROXY],
    ['octal', PROXY, told('0313.0.0161.011'), PROXY],
    ['a short form', PROXY, told('203.113'), PROXY],
    ['a host', PROXY, told('client.example'), PROXY],
    ['script', PROXY, told('<script>alert(1)</script>'), PROXY],
    ['too many parts', PROXY, told('203.0.113.9.1'), PROXY],
    ['a network', PROXY, told('203.0.113.0/24'), PROXY],
    ['spaces around it', PROXY, told(`  ${CLIENT}\t`), CLIENT],
    ['a port behind it', PROXY, told(`${CLIENT}:4711`), CLIENT],
    ['IPv6', PROXY, told('2001:db8::1'), '2001:db8::1'],
    ['IPv6 in brackets with a port', PROXY, told('[2001:db8::1]:4711'), '2001:db8::1'],
    ['IPv6 in capitals and at length', PROXY, told('2001:0DB8:0:0:0:0:0:1'), '2001:db8::1'],
    ['IPv6 with a zone', PROXY, told('fe80::1%eth0'), 'fe80::1'],
    ['IPv4 as IPv6', PROXY, told(`::ffff:${CLIENT}`), CLIENT],
    ['IPv4 as IPv6 in hexadecimal', PROXY, told('::ffff:cb00:7109'), CLIENT],
    ['a proxy that came as IPv6', `::ffff:${PROXY}`, told(CLIENT), CLIENT],
    ['a hop that came as IPv6', PROXY, told(`${CLIENT}, ::ffff:${INNER}`), CLIENT],
    ['a client that came as IPv6', `::ffff:${CLIENT}`, told(SPOOFED), CLIENT],
    ['a proxy of IPv6', '2001:db8:ffff::7', told(CLIENT), CLIENT],
    ['a neighbour of that proxy', '2001:db8:fffe::7', told(SPOOFED), '2001:db8:fffe::7'],
    ['a header that is not named', PROXY, { 'cf-connecting-ip': SPOOFED, ...told(CLIENT) }, CLIENT],
    ['that header alone', PROXY, { 'cf-connecting-ip': SPOOFED, 'x-real-ip': SPOOFED }, PROXY],
  ])('with %s', (_, peer, headers, expected) => {
    expect(usual.realAddress(peer, headers as never)).toBe(expected);
  });

  test.each<[string, string, Headers, string]>([
    ['comes first', PROXY, { 'cf-connecting-ip': CLIENT, ...told(SPOOFED) }, CLIENT],
    ['is not believed of a stranger', CLIENT, { 'cf-connecting-ip': SPOOFED }, CLIENT],
    ['leaves the word to the usual one where it is missing', PROXY, told(CLIENT), CLIENT],
    ['that holds garbage leaves it to nobody', PROXY, { 'cf-connecting-ip': 'x', ...told(SPOOFED) }, PROXY],
    ['that is empty leaves it to nobody', PROXY, { 'cf-connecting-ip': '', ...told(SPOOFED) }, PROXY],
  ])('a header that is named %s', (_, peer, headers, expected) => {
    expect(cloudflare.realAddress(peer, headers as never)).toBe(expected);
  });

  test('of several headers that are named the first that came decides', () => {
    expect(ordered.realAddress(PROXY, { 'x-real-ip': CLIENT, 'cf-connecting-ip': SPOOFED })).toBe(CLIENT);
    expect(ordered.realAddress(PROXY, { 'cf-connecting-ip': CLIENT })).toBe(CLIENT);
  });

  test('is the peer’s where no proxy is trusted, whatever is said', () => {
    for (const peer of [CLIENT, PROXY, '127.0.0.1', '::1']) {
      expect(credulous.realAddress(peer, { 'x-forwarded-for': SPOOFED, 'cf-connecting-ip': SPOOFED })).toBe(peer);
    }
  });

  test('is looked for over so many hops and no more', () => {
    const hops = (count: number) => `${CLIENT}, ${Array(count).fill(INNER).join()}`;
    expect(usual.realAddress(PROXY, told(hops(31)))).toBe(CLIENT);
    expect(usual.realAddress(PROXY, told(hops(5_000)))).toBe(INNER);
  });

  test('of a connection that is closed already is unknown, and a header makes no other of it', () => {
    expect(usual.realAddress(undefined, told(CLIENT))).toBe('unknown');
    const all = addressesWith({ TRUSTED_PROXIES: '0.0.0.0/0,::/0', WS_ALLOWLIST: '0.0.0.0/0,::/0' });
    expect(all.realAddress(undefined, told(CLIENT))).toBe('unknown');
    expect(all.isAllowlisted('unknown')).toBe(false);
  });
});

test('limits count IPv4 by the address, IPv6 by its network of 64 bits, and all that is no address as one', () => {
  expect(limitKey('203.0.113.9')).toBe('203.0.113.9');
  expect(limitKey('::ffff:203.0.113.9')).toBe('203.0.113.9');
  for (const address of ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::', '2001:db8:1:2:3:4:5:6']) {
    expect(limitKey(address)).toBe('2001:db8:1:2::/64');
  }
  expect(limitKey('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64');
  for (const none of [undefined, '', 'unknown', 'x'.repeat(10_000)]) expect(limitKey(none)).toBe('unknown');
});

test('a venue’s networks are allowed in every way of writing them', () => {
  const { isAllowlisted } = addressesWith({ WS_ALLOWLIST: '192.0.2.0/24, ::ffff:198.51.100.0/120, 2001:db8:5::/48' });
  const allowed = ['192.0.2.1', '192.0.2.255', '198.51.100.7', '2001:db8:5:1::1'];
  const others = ['192.0.3.1', '198.51.101.7', '2001:db8:6::1', '::1'];
  expect(allowed.map(isAllowlisted)).toEqual(allowed.map(() => true));
  expect(others.map(isAllowlisted)).toEqual(others.map(() => false));
});
