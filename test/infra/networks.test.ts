/** Which addresses feeds may ask, each range at its edge; and the URL of a site as an admin gives it. */
import { describe, expect, test } from 'vitest';
import type { OutboundError } from '../../src/core/definitions/outbound.ts';
import { demandBaseUrl } from '../../src/infra/outbound/baseUrl.ts';
import { createNetworks, isPublic } from '../../src/infra/outbound/networks.ts';

describe('an address is asked', () => {
  test.each([
    ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
    ...[
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '223.255.255.255',
    ],
    ...['2606:4700::1111', '2a01:4f8::1', '2400:cb00::1'],
  ])('that is public, as %s', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  test.each([
    ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1'],
    ...['169.254.0.0', '169.254.169.254', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
    ...[
      '192.0.0.1',
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
    ],
    ...[
      '::',
      '::1',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:1.1.1.1',
      '::ffff:0:1.1.1.1',
      '64:ff9b::7f00:1',
      '64:ff9b::101:101',
    ],
    ...[
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2001:20::1',
      '2002:7f00:1::',
      '2002:101:101::',
      '3fff::1',
      '5f00::1',
    ],
    ...['fc00::1', 'fdff::1', 'fe80::1', 'fec0::1', 'ff02::1', '4000::1'],
  ])('but not where it is %s', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  test('over https and on port 443 alone', () => {
    const { admits } = createNetworks([]);
    expect(admits('1.1.1.1', 'https:', 443)).toBe(true);
    expect(admits('1.1.1.1', 'http:', 80)).toBe(false);
    for (const port of [22, 25, 80, 444, 6_379, 8_443]) expect(admits('1.1.1.1', 'https:', port)).toBe(false);
  });

  test('in networks that the operator has named over http and on any port, however the address is written', () => {
    const { admits } = createNetworks(['10.20.0.0/16', 'fd12::/16']);
    expect(admits('10.20.255.255', 'http:', 8_000)).toBe(true);
    expect(admits('::ffff:10.20.0.1', 'http:', 8_000)).toBe(true);
    expect(admits('fd12::1', 'https:', 8_443)).toBe(true);
    expect(admits('10.21.0.0', 'https:', 443)).toBe(false);
  });
});

describe('the URL of a site', () => {
  const leadsTo =
    (...addresses: string[]) =>
    async () =>
      addresses.map((address) => ({ address, family: 4 }));
  const judge = (url: string, resolve = leadsTo('1.1.1.1'), named: string[] = []) =>
    demandBaseUrl(url, createNetworks(named), resolve).catch(({ code }: OutboundError) => code);

  test('is kept without a slash at its end', async () => {
    expect(await judge('https://tab.example.org/spring//')).toBe('https://tab.example.org/spring');
    expect(await judge('https://TAB.example.org')).toBe('https://tab.example.org');
  });

  test.each([
    ...[
      'http://tab.example.org',
      'ftp://tab.example.org',
      'file:///etc/passwd',
      'https://user:pass@tab.example.org',
      'https://user@tab.example.org',
    ],
    ...[
      'https://tab.example.org:8443',
      'https://tab.example.org:22',
      'https://tab.example.org/?a=b',
      'https://tab.example.org/#a',
      'https://@tab.example.org',
    ],
    ...[
      'tab.example.org',
      '',
      'https://tab.example.org/a b',
      'https:\\\\tab.example.org',
      `https://tab.example.org/${'a'.repeat(500)}`,
    ],
  ])('is refused where it is %s', async (url) => {
    expect(await judge(url)).toBe('refused_url');
  });

  test.each([
    ...[
      'https://127.0.0.1',
      'https://2130706433',
      'https://0x7f.1',
      'https://0177.0.0.1',
      'https://[::1]',
      'https://[::ffff:10.0.0.1]',
    ],
    ...[
      'https://0.0.0.0',
      'https://169.254.169.254',
      'https://100.64.0.1',
      'https://[64:ff9b::a00:1]',
      'https://[fe80::1]',
    ],
  ])('is refused where its host is an address that is not public: %s', async (url) => {
    expect(await judge(url)).toBe('refused_address');
  });

  test('is refused where its name leads to no public address, and kept where one of them is', async () => {
    expect(await judge('https://tab.example.org', leadsTo('10.0.0.1', '::1'))).toBe('refused_address');
    expect(await judge('https://tab.example.org', leadsTo('10.0.0.1', '1.1.1.1'))).toBe('https://tab.example.org');
  });

  test('is kept where its name cannot be resolved now: every connect asks again', async () => {
    const lost = async () => {
      throw new Error('no such name');
    };
    expect(await judge('https://tab.example.org', lost)).toBe('https://tab.example.org');
    expect(await judge('http://tab.example.org', lost)).toBe('refused_url');
  });

  test('may be plain http, on any port, in a network that the operator has named', async () => {
    expect(await judge('http://tab.school:8000', leadsTo('10.20.0.9'), ['10.20.0.0/16'])).toBe(
      'http://tab.school:8000',
    );
    expect(await judge('http://tab.school:8000', leadsTo('10.21.0.9'), ['10.20.0.0/16'])).toBe('refused_url');
  });
});
