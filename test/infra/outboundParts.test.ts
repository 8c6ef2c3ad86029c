/** The small parts of the way out: Link headers, Retry-After, what is tried again, and taking turns. */
import { describe, expect, test } from 'vitest';
import { OUTBOUND_FAULTS, type OutboundCode, OutboundError } from '../../src/core/definitions/outbound.ts';
import { outboundErrorOf, outcomeOf, retryAfterOf, waitAfter } from '../../src/infra/outbound/faults.ts';
import { nextPageOf } from '../../src/infra/outbound/nextPage.ts';
import { createTurns } from '../../src/infra/outbound/takeTurns.ts';

describe('the next page', () => {
  const base = new URL('https://tab.example/spring');
  const here = new URL('https://tab.example/spring/api/teams?limit=200');
  const next = (header: string) => nextPageOf(header, here, base)?.href;

  test.each([
    ['<https://tab.example/spring/api/teams?offset=2>; rel="next"', 'https://tab.example/spring/api/teams?offset=2'],
    ['<?offset=2>; rel=next', 'https://tab.example/spring/api/teams?offset=2'],
    [
      '<?offset=0>; rel="prev", <?offset=4>; title="a; b"; rel="last next"',
      'https://tab.example/spring/api/teams?offset=4',
    ],
    ['<?ids=1,2>; rel="next"', 'https://tab.example/spring/api/teams?ids=1,2'],
    ['<?offset=4>; rel="nextish"', undefined],
    ['<?offset=4>; rel="prev"', undefined],
    ['nonsense', undefined],
  ])('of %s is %s', (header, expected) => {
    expect(next(header)).toBe(expected);
  });

  test.each([
    ...[
      'https://elsewhere.example/spring/api/teams',
      'http://tab.example/spring/api',
      '//elsewhere.example/spring/',
      '/admin',
    ],
    ...[
      'https://user@tab.example/spring/api',
      'https://tab.example:8443/spring/api',
      '../../springer/api',
      'http://169.254.169.254/',
    ],
  ])('is refused where it is %s', (target) => {
    expect(() => next(`<${target}>; rel="next"`)).toThrow(OUTBOUND_FAULTS.endless_pages);
  });

  test('of a header of a megabyte is refused', () => {
    expect(() => next('<'.repeat(1_000_000))).toThrow(OUTBOUND_FAULTS.endless_pages);
  });
});

test('Retry-After is read as seconds and as a date, and never as less than nothing or more than a day', () => {
  const now = Date.parse('2027-03-01T10:00:00Z');
  expect(retryAfterOf('7', now)).toBe(7_000);
  expect(retryAfterOf('Mon, 01 Mar 2027 10:00:09 GMT', now)).toBe(9_000);
  expect(retryAfterOf('Mon, 01 Mar 2027 09:00:00 GMT', now)).toBe(0);
  expect(retryAfterOf('999999999', now)).toBe(86_400_000);
  for (const header of [undefined, 'soon', '', '-5x']) expect(retryAfterOf(header, now)).toBeUndefined();
});

describe('another try', () => {
  const wait = (code: OutboundCode, retry_after_ms?: number) =>
    waitAfter(new OutboundError(code, retry_after_ms === undefined ? {} : { retry_after_ms }));

  test('follows what may pass: silence, a failure, and a 429 that asks for ten seconds at most', () => {
    expect(wait('rate_limited', 10_000)).toBe(10_000);
    expect(wait('rate_limited', 10_001)).toBeUndefined();
    expect(wait('failing', 3_000)).toBe(3_000);
    for (const code of ['rate_limited', 'failing', 'timeout', 'unreachable'] as const)
      expect(wait(code)).toBeGreaterThan(0);
  });

  test('follows nothing else', () => {
    const never = Object.keys(OUTBOUND_FAULTS).filter((code) => wait(code as OutboundCode) === undefined);
    expect(never).toHaveLength(Object.keys(OUTBOUND_FAULTS).length - 4);
  });
});

test('an answer that is not to our liking is an answer; silence and nonsense are failures', () => {
  const outcome = (code: OutboundCode) => outcomeOf(new OutboundError(code));
  expect([outcomeOf(undefined), outcome('not_there'), outcome('not_permitted')]).toEqual(['ok', 'ok', 'ok']);
  expect(outcome('rate_limited')).toBe('limited');
  for (const code of ['timeout', 'failing', 'unreadable', 'certificate', 'too_large'] as const)
    expect(outcome(code)).toBe('failed');
});

test('what a library throws is told by its code, and never quoted', () => {
  const thrown = (code: string) => outboundErrorOf(Object.assign(new Error('Authorization: Token secret'), { code }));
  expect(thrown('ENOTFOUND').code).toBe('unresolved');
  expect(thrown('ERR_TLS_CERT_ALTNAME_INVALID').code).toBe('certificate');
  expect(thrown('SELF_SIGNED_CERT_IN_CHAIN').code).toBe('certificate');
  expect(thrown('UND_ERR_CONNECT_TIMEOUT').code).toBe('timeout');
  expect(thrown('ECONNRESET').code).toBe('unreachable');
  expect(`${thrown('ECONNRESET')} ${thrown('ECONNRESET').stack}`).not.toContain('secret');
});

describe('turns', () => {
  const never = () => new Promise<void>(() => {});

  test('so many of a name are under way at once, the next goes when one has ended, and those beyond the line are refused', async () => {
    const taking = createTurns(2, 1);
    const ends: (() => void)[] = [];
    const begun: string[] = [];
    const work = (name: string) => () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    void taking('a', work('first'));
    void taking('a', work('second'));
    const third = taking('a', work('third'));
    await expect(taking('a', never)).rejects.toMatchObject({ code: 'busy' });
    void taking('b', work('another'));
    await Promise.resolve();
    expect(begun).toEqual(['first', 'second', 'another']);
    ends[0]!();
    await expect.poll(() => begun).toContain('third');
    ends[3]!();
    await third;
  });

  test('one that fails gives its place away, too', async () => {
    const taking = createTurns(1, 5);
    await expect(taking('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await taking('a', async () => 'yes')).toBe('yes');
  });
});
