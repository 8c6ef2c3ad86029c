/** The way out, against a server of our own: what is asked again, what is refused, where the token goes, and what is kept. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Outbound, OutboundError } from '../../src/core/definitions/outbound.ts';
import { createPace } from '../../src/feeds/pace/pace.ts';
import { createNames } from '../../src/infra/outbound/connector.ts';
import { createNetworks } from '../../src/infra/outbound/networks.ts';
import { createInProcessStates } from '../../src/infra/pace/inProcess.ts';
import { makeCertificates } from '../support/certificates.ts';
import { HASTY, useOutbounds, wayTo } from '../support/outbound.ts';
import { startTabbycat, type TestTabbycat } from '../support/tabbycat.ts';
import { PRIVATE_MARKS } from '../support/tabbycatRows.ts';

let site: TestTabbycat;
beforeAll(async () => {
  site = await startTabbycat({ rooms: 8 });
});
afterEach(() => {
  site.mend();
  site.page_size = undefined;
  site.requests.splice(0);
});
afterAll(() => site.stop());

const TEAMS = '/api/v1/tournaments/spring-moot/teams';
const readNames = (text: string) => (JSON.parse(text) as { short_name: string }[]).map((one) => one.short_name);
const open = (...options: Parameters<typeof useOutbounds>): Outbound => useOutbounds(...options).open(wayTo(site));
const faultOf = (asked: Promise<unknown>): Promise<OutboundError> =>
  asked.then(
    () => expect.fail('was answered'),
    (fault) => fault,
  );
const codeOf = async (asked: Promise<unknown>) => (await faultOf(asked)).code;
const teamsOf = (outbound: Outbound) => outbound.get(TEAMS, readNames);

describe('a request', () => {
  test('carries the token, and its answer is what was made of it', async () => {
    const { value, unchanged } = await teamsOf(open());
    expect([value.length, unchanged]).toEqual([16, false]);
    expect(site.requests).toMatchObject([{ authorization: `Token ${site.token}`, status: 200 }]);
  });

  test.each([
    ['a 429 without Retry-After', { kind: 'limit' }],
    ['a 429 with Retry-After', { kind: 'limit', retry_after: '10' }],
    ['a 500', { kind: 'fail' }],
    ['a connection that is closed', { kind: 'hang_up' }],
  ] as const)('after %s is made once more, and answered', async (_, fault) => {
    site.fail({ ...fault, times: 1 });
    expect((await teamsOf(open())).value).toHaveLength(16);
    expect(site.requests).toHaveLength(2);
  });

  test.each([
    ['429s', { kind: 'limit' }, 'rate_limited', 2],
    ['a 429 that asks for more than ten seconds', { kind: 'limit', retry_after: '11' }, 'rate_limited', 1],
    ['500s', { kind: 'fail' }, 'failing', 2],
    ['a 400', { kind: 'status', status: 400 }, 'rejected', 1],
    ['a 403', { kind: 'status', status: 403 }, 'not_permitted', 1],
    ['a 404', { kind: 'status', status: 404 }, 'not_there', 1],
    ['a 304 that nobody asked for', { kind: 'status', status: 304 }, 'rejected', 1],
    ['closed connections', { kind: 'hang_up' }, 'unreachable', 2],
    ['JSON that stops', { kind: 'broken' }, 'unreadable', 1],
    ['50 MiB', { kind: 'huge' }, 'too_large', 1],
    ['50 MiB that are packed', { kind: 'bomb' }, 'too_large', 1],
  ] as const)('that meets %s fails with a code of ours, and quotes nothing', async (_, fault, code, requests) => {
    site.fail(fault);
    const found = await faultOf(teamsOf(open()));
    expect(found.code).toBe(code);
    expect(site.requests).toHaveLength(requests);
    const told = `${found} ${found.stack} ${JSON.stringify(found)}`;
    for (const mark of [...PRIVATE_MARKS, site.token]) expect(told).not.toContain(mark);
  });

  test('says how long a server asks to be left alone', async () => {
    site.fail({ kind: 'limit', retry_after: '11' });
    expect(await faultOf(teamsOf(open()))).toMatchObject({ retry_after_ms: 11_000, status: 429 });
  });

  test.each(['silence', 'hang'] as const)(
    'that meets %s is given up, tried once more, and given up (P1-7)',
    async (kind) => {
      site.fail({ kind });
      const { open: opened, metrics } = useOutbounds({ waits: HASTY });
      expect(await codeOf(teamsOf(opened(wayTo(site))))).toBe('timeout');
      // Under load not even a request may arrive in so short a time.
      const { values } = await metrics.outboundRequests.get();
      expect(values.map(({ labels, value }) => [labels.outcome, value])).toEqual([['timeout', 2]]);
    },
  );

  test('to a place outside of the base URL is not made', async () => {
    const outbound = open();
    for (const path of ['no/slash', '//elsewhere.example/', '@elsewhere.example/'])
      expect(await codeOf(outbound.get(path, readNames))).toBe('refused_url');
    const below = useOutbounds().open(wayTo({ url: `${site.url}/below` }));
    expect(await codeOf(below.get('/../api', readNames))).toBe('refused_url');
    expect(site.requests).toEqual([]);
  });

  test('that posts is made once, whatever comes of it', async () => {
    site.fail({ kind: 'fail' });
    expect(await codeOf(open().post(TEAMS, { a: 1 }, readNames))).toBe('failing');
    expect(site.requests).toMatchObject([{ method: 'POST' }]);
  });

  test('is known not to have left where no connection could be made, and not where one was lost', async () => {
    const gone = await startTabbycat();
    await gone.stop();
    const posted = (url: string) => faultOf(useOutbounds().open(wayTo({ url })).post(TEAMS, { a: 1 }, readNames));
    expect(await posted(gone.url)).toMatchObject({ code: 'unreachable', isUnsent: true });
    expect(await posted('http://10.0.0.1')).toMatchObject({ code: 'refused_address', isUnsent: true });
    site.fail({ kind: 'hang_up' });
    expect(await posted(site.url)).toMatchObject({ code: 'unreachable', isUnsent: false });
  });

  test('is counted by what came of it, and timed', async () => {
    const { open: opened, metrics } = useOutbounds();
    const outbound = opened(wayTo(site));
    await teamsOf(outbound);
    await teamsOf(outbound);
    site.fail({ kind: 'fail' });
    await faultOf(teamsOf(outbound));
    const counted = (await metrics.outboundRequests.get()).values.map(({ labels, value }) => [labels.outcome, value]);
    expect(counted).toEqual([
      ['ok', 1],
      ['unchanged', 1],
      ['failing', 2],
    ]);
    const seconds = (await metrics.outboundSeconds.get()).values;
    expect(seconds.find(({ metricName }) => metricName === 'outbound_request_seconds_count')?.value).toBe(4);
  });
});

describe('a redirect', () => {
  test.each([
    ...[
      'http://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/',
      'http://localhost:1/',
      'https://elsewhere.example/',
    ],
    ...['file:///etc/passwd', 'http://user:pass@127.0.0.1/'],
  ])('to %s is not followed', async (to) => {
    site.fail({ kind: 'redirect', to });
    expect(await codeOf(teamsOf(open()))).toBe('redirected');
    expect(site.requests).toHaveLength(1);
  });

  test('within the origin is followed without the token', async () => {
    site.fail({ kind: 'redirect', to: '/api', times: 1 });
    const { value } = await open().get(TEAMS, (text) => (JSON.parse(text) as { version: string }).version);
    expect(value).toBe('2.9.3');
    expect(site.requests.map(({ path, authorization }) => [path, authorization !== undefined])).toEqual([
      [TEAMS, true],
      ['/api', false],
    ]);
  });

  test('that goes in a circle ends', async () => {
    site.fail({ kind: 'redirect' });
    expect(await codeOf(teamsOf(open()))).toBe('redirected');
    expect(site.requests).toHaveLength(4);
  });
});

describe('where a name leads', () => {
  const port = () => new URL(site.url).port;
  const named = () => ({ url: `http://tab.example:${port()}` });

  test('is asked once for a connection, and the address that was checked is the one connected to', async () => {
    const answers = ['127.0.0.1', '192.0.2.1', '192.0.2.1'];
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return [{ address: answers[asked.length - 1]!, family: 4 }];
    };
    expect((await useOutbounds({ resolve }).open(wayTo(named())).get('/api', JSON.parse)).value).toMatchObject({
      version: '2.9.3',
    });
    expect(asked).toEqual(['tab.example']);
  });

  test('is checked at every connect: a name that leads to this machine the next time is refused then', async () => {
    const networks = createNetworks([]);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const outbound = useOutbounds({ networks, resolve }).open(wayTo({ url: `https://tab.example:${port()}` }));
    expect(await codeOf(outbound.get('/api', JSON.parse))).toBe('refused_address');
    expect(site.requests).toEqual([]);
  });

  test('is checked anew where a connection was lost: it may lead elsewhere by then', async () => {
    const networks = createNetworks(['127.0.0.1/32']);
    const answers = ['127.0.0.1', '127.0.0.9'];
    const resolve = async () => [{ address: answers.shift()!, family: 4 }];
    site.fail({ kind: 'hang_up', times: 1 });
    const asked = useOutbounds({ networks, resolve }).open(wayTo(named())).get('/api', JSON.parse);
    expect(await codeOf(asked)).toBe('refused_address');
    expect([answers, site.requests.length]).toEqual([[], 1]);
  });

  test.each([
    ...['0.0.0.0', '127.0.0.1', '169.254.169.254', '100.64.0.1', '10.0.0.1'],
    ...['::ffff:127.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1', '::1', 'fe80::1'],
  ])('is no place where it is this machine or a private network, as %s', async (address) => {
    const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }];
    const outbounds = useOutbounds({ networks: createNetworks([]), resolve });
    const asked = outbounds.open(wayTo({ url: 'https://tab.example' })).get('/api', JSON.parse);
    expect(await codeOf(asked)).toBe('refused_address');
  });

  test('is looked up once for all who ask for it, and one that is slow holds up no other', async () => {
    const asked: string[] = [];
    let answerSlow = () => {};
    const slow = new Promise<void>((resolve) => {
      answerSlow = resolve;
    });
    const resolve = createNames(async (host) => {
      asked.push(host);
      if (host === 'slow') await slow;
      return [{ address: '203.0.113.7', family: 4 }];
    });
    const waiting = Array.from({ length: 9 }, () => resolve('slow'));
    expect(await resolve('quick')).toHaveLength(1);
    expect(await resolve('quick')).toHaveLength(1);
    expect(asked).toEqual(['slow', 'quick', 'quick']);
    answerSlow();
    await Promise.all(waiting);
  });

  test('of several addresses takes those that may be asked', async () => {
    const networks = createNetworks(['127.0.0.1/32']);
    const resolve = async () => [
      { address: '127.0.0.9', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const { value } = await useOutbounds({ networks, resolve }).open(wayTo(named())).get('/api', JSON.parse);
    expect(value).toMatchObject({ version: '2.9.3' });
  });

  test('does not matter where it is an address itself: that is checked, too', async () => {
    const outbound = useOutbounds({ networks: createNetworks(['10.0.0.0/8']) }).open(wayTo(site));
    expect(await codeOf(teamsOf(outbound))).toBe('refused_address');
    expect(site.requests).toEqual([]);
  });

  test('is no place where it is link-local with a zone, or no address at all', async () => {
    for (const address of ['fe80::1%eth0', 'nonsense']) {
      const resolve = async () => [{ address, family: 6 }];
      const asked = useOutbounds({ resolve }).open(wayTo(named())).get('/api', JSON.parse);
      expect(['refused_address', 'unreachable']).toContain(await codeOf(asked));
    }
    expect(site.requests).toEqual([]);
  });

  test('is nowhere: said as such', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await codeOf(useOutbounds({ resolve }).open(wayTo(named())).get('/api', JSON.parse))).toBe('unresolved');
  });

  test('is not left to a proxy that the environment names', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      HTTP_PROXY: 'http://127.0.0.1:1',
      http_proxy: 'http://127.0.0.1:1',
      ALL_PROXY: 'http://127.0.0.1:1',
    });
    try {
      expect((await teamsOf(open())).value).toHaveLength(16);
    } finally {
      for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });

  test('with a user in it is no base URL', () => {
    expect(() => useOutbounds().open(wayTo({ url: 'https://user:pass@tab.example' }))).toThrow('the URL is not one');
  });
});

describe('a certificate', () => {
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];

  test('that fits is taken; one of another name, or of an authority that nobody knows, is refused and not tried again', async () => {
    const files = makeCertificates();
    const [ca, cert, key] = [files.ca, files.certificate, files.key].map((file) => readFileSync(file, 'utf8')) as [
      string,
      string,
      string,
    ];
    const secure = await startTabbycat({ tls: { cert, key }, rooms: 1 });
    try {
      const at = (host: string) => ({ url: secure.url.replace('127.0.0.1', host) });
      const ask = (url: { url: string }, authority?: string) =>
        useOutbounds({ resolve, ...(authority !== undefined && { ca: authority }) })
          .open(wayTo(url))
          .get('/api', JSON.parse);
      expect((await ask(at('localhost'), ca)).value).toMatchObject({ version: '2.9.3' });
      expect(await codeOf(ask(at('tab.example'), ca))).toBe('certificate');
      expect(await codeOf(ask(at('localhost')))).toBe('certificate');
      expect(secure.requests).toHaveLength(1);
    } finally {
      await secure.stop();
    }
  });
});

describe('what has not changed', () => {
  test('is not sent again, and is the same as before', async () => {
    const outbound = open();
    const first = await teamsOf(outbound);
    const second = await teamsOf(outbound);
    expect(second.unchanged).toBe(true);
    expect(second.value).toBe(first.value);
    expect(site.requests.map(({ status }) => status)).toEqual([200, 304]);
    site.state.teams[0]!.short_name = 'Renamed';
    expect(await teamsOf(outbound)).toMatchObject({ unchanged: false, value: expect.arrayContaining(['Renamed']) });
  });

  test('is sent again to whoever makes something else of it', async () => {
    const outbound = open();
    await teamsOf(outbound);
    const { value, unchanged } = await outbound.get(TEAMS, (text) => (JSON.parse(text) as unknown[]).length);
    expect([value, unchanged]).toEqual([16, false]);
  });

  test('of one feed is nothing to another', async () => {
    const outbounds = useOutbounds();
    await teamsOf(outbounds.open(wayTo(site)));
    expect((await teamsOf(outbounds.open(wayTo(site, { feed_id: 'another' })))).unchanged).toBe(false);
  });
});

describe('a list', () => {
  const list = (outbound: Outbound) => outbound.list(`${TEAMS}?limit=200`, readNames);

  test('is followed through its pages, and is unchanged where all of them are', async () => {
    site.page_size = 5;
    const outbound = open();
    const { value, unchanged } = await list(outbound);
    expect([value.length, new Set(value).size, unchanged, site.requests.length]).toEqual([16, 16, false, 4]);
    expect((await list(outbound)).unchanged).toBe(true);
    site.state.teams[15]!.short_name = 'Renamed again';
    expect((await list(outbound)).unchanged).toBe(false);
  });

  test('whose next page is itself, or elsewhere, ends', async () => {
    site.fail({ kind: 'next' });
    expect(await codeOf(list(open()))).toBe('endless_pages');
    site.mend();
    for (const to of ['http://169.254.169.254/', 'https://elsewhere.example/', 'http://127.0.0.1:1/']) {
      site.fail({ kind: 'next', to, times: 1 });
      expect(await codeOf(list(open()))).toBe('endless_pages');
    }
    expect(site.requests).toHaveLength(4);
  });

  test('of more than fifty pages is given up', async () => {
    const large = await startTabbycat({ rooms: 30, rounds: 1 });
    try {
      large.page_size = 1;
      expect(await codeOf(list(useOutbounds().open(wayTo(large))))).toBe('endless_pages');
      expect(large.requests).toHaveLength(50);
    } finally {
      await large.stop();
    }
  });
});

describe('the gate of a feed', () => {
  test('takes an answer that cannot be read for a failure, and one that says no for an answer', async () => {
    const told: string[] = [];
    const gate = { enter: async () => {}, leave: async ({ outcome }: { outcome: string }) => void told.push(outcome) };
    const outbound = useOutbounds().open(wayTo(site, { gate }));
    for (const fault of [
      { kind: 'broken' },
      { kind: 'status', status: 404 },
      { kind: 'limit', retry_after: '11' },
    ] as const) {
      site.fail({ ...fault, times: 1 });
      await faultOf(teamsOf(outbound));
    }
    await teamsOf(outbound);
    expect(told).toEqual(['failed', 'ok', 'limited', 'ok']);
  });

  test('opens its breaker after five failures, each attempt counted, and then nothing is asked (P2-3)', async () => {
    let now = 1_800_000_000_000;
    const pace = createPace(createInProcessStates(() => now));
    const gate = {
      enter: () => pace.enter('a-feed', 60),
      leave: (sample: Parameters<typeof pace.leave>[1]) => pace.leave('a-feed', sample),
    };
    const outbound = useOutbounds().open(wayTo(site, { gate }));
    site.fail({ kind: 'fail' });
    expect([await codeOf(teamsOf(outbound)), await codeOf(teamsOf(outbound))]).toEqual(['failing', 'failing']);
    expect(await codeOf(teamsOf(outbound))).toBe('breaker_open');
    expect(site.requests).toHaveLength(5);
    expect(await faultOf(teamsOf(outbound))).toMatchObject({ code: 'breaker_open', retry_after_ms: 60_000 });
    site.mend();
    now += 60_000;
    expect((await teamsOf(outbound)).value).toHaveLength(16);
    expect((await pace.read([{ feed_id: 'a-feed', limit: 60 }]))[0]).toMatchObject({
      breaker: 'closed',
      quota: { used: 1 },
    });
  });
});
