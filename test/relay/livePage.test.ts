/** `/live` in a browser: events appear with their mark as they happen, and a chain that is broken is shown as broken. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, chromium, keepPicture as keep, startBrowser } from '../support/browser.ts';
import { type Cast, cast, get, must, openSession, post } from '../support/client.ts';
import { type Liar, startLiar } from '../support/liar.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
let browser: Browser;
let liar: Liar | undefined;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack({ GUARD_MAX_KEYS: '1000' });
  people = cast();
  if (chromium) browser = await startBrowser();
});
afterEach(async () => {
  await liar?.stop();
  liar = undefined;
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

const keepPicture = (name: string, picture: Promise<Buffer>) => keep(`${name}-${kind}`, picture);
const address = (session: string, relay: string) =>
  `${stack.url}/live#${new URLSearchParams({ session, token: people.student.token, relay })}`;
const log = (path: string, event_type: string, details: object = {}) =>
  must(post(stack.url, `${path}/log`, people.presiding, { event_type, details }));

/** The speaker has the floor, and an objection stops the clock. */
async function argue(path: string): Promise<void> {
  await must(post(stack.url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
  const { items } = await must(get(stack.url, `${path}/turns`, people.presiding));
  const turn_id = items[0].id;
  const turn = { turn_id, speaker_id: people.petitioner.id };
  await must(post(stack.url, `${path}/turn/start`, people.presiding, turn));
  const objection = { turn_id, ground: 'misrepresentation', reason: '<img src=x onerror=alert(1)>' };
  await must(post(stack.url, `${path}/objection/raise`, people.respondent, objection));
}

describe.skipIf(isLeftOut || !chromium)(`the live page, ${kind}`, () => {
  test('shows who speaks, the clock, and each event with its mark, as text', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await argue(path);
    const page = await browser.newPage(390, 844);
    await page.open(address(session_id, stack.relayUrl));
    await page.until(`document.getElementById('state').textContent === 'live'`);
    const before = await page.ask(`document.querySelectorAll('#timeline li .mark').length`);
    await log(path, 'CASE_CALLED', { docket: '<b>27-1</b>', turns: 1, turn: null });
    await page.until(`document.querySelector('#timeline li .what').textContent === 'Case called'`);
    expect(await page.ask(`document.querySelectorAll('#timeline li .mark').length`)).toBe(before + 1);
    expect(await page.ask(`document.querySelector('#timeline li .mark').getAttribute('aria-label')`)).toBe('verified');
    expect(await page.ask(`document.getElementById('speaker').textContent`)).toBe('Ada Petrova');
    await page.until(`/^\\d+:\\d\\d$/.test(document.getElementById('clock').textContent)`);
    expect(await page.ask(`document.getElementById('running').textContent`)).toBe('stopped');
    expect(await page.ask(`document.querySelector('h1').textContent`)).toBe('Meridian v. Harbour Authority');
    expect(await page.ask(`document.querySelectorAll('#timeline b, #timeline img').length`)).toBe(0);
    expect(await page.ask('location.href')).not.toContain('token');
    expect(await page.ask('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.ask(`document.querySelector('#timeline details').open = true`);
    await keepPicture('live', page.picture());
    expect(page.complaints).toEqual([]);
  });

  test('has beside it a score board, which needs no token where the session is public', async () => {
    const { session_id, path } = await openSession(stack.url, people, { visibility: 'public' });
    await argue(path);
    const page = await browser.newPage(1_200, 700);
    const fragment = new URLSearchParams({ session: session_id, relay: stack.relayUrl });
    await page.open(`${stack.url}/examples/scoreboard.html#${fragment}`);
    await page.until(`document.getElementById('state').textContent === 'live'`);
    const text = (id: string) => page.ask(`document.getElementById('${id}').textContent`);
    expect(await text('speaker')).toBe('Ada Petrova');
    expect(await text('turn')).toBe('petitioner, argument');
    expect(await text('objection')).toBe('Objection: misrepresentation');
    await page.until(`/^\\d+:\\d\\d$/.test(document.getElementById('clock').textContent)`);
    expect(await page.ask(`document.getElementById('clock').dataset.running`)).toBe('false');
    await keepPicture('scoreboard', page.picture());
    const { items } = await must(get(stack.url, `${path}/objections`, people.presiding));
    const ruling = { objection_id: items[0].id, decision: 'overruled' };
    await must(post(stack.url, `${path}/objection/rule`, people.presiding, ruling));
    await page.until(`document.getElementById('objection').hidden`);
    expect(await page.ask(`document.getElementById('clock').dataset.running`)).toBe('true');
    expect(page.complaints).toEqual([]);
  });

  test('and the board need no token where the session is public, and follow what was moved, voided and shortened', async () => {
    const { assignment_id, session_id, path } = await openSession(stack.url, people, {
      visibility: 'public',
      start: false,
      format: {
        name: 'Short',
        segments: [{ side: 'respondent', kind: 'opening', allotted_ms: 60_000 }],
        cards_ms: [60_000, 40_000],
      },
    });
    await must(
      post(stack.url, `/api/assignment/${assignment_id}/update`, people.admin, { title: 'Moved', courtroom: 'Blue' }),
    );
    await must(post(stack.url, `${path}/start`, people.presiding));
    const start = async (turn_id: string) =>
      must(post(stack.url, `${path}/turn/start`, people.presiding, { turn_id, speaker_id: people.respondent.id }));
    const { items } = await must(get(stack.url, `${path}/turns`, people.presiding));
    await start(items[0].id);
    const voided = { turn_id: items[0].id, reason: 'By mistake.' };
    const { result } = await must(post(stack.url, `${path}/turn/void`, people.presiding, voided));
    await must(
      post(stack.url, `${path}/turn/plan`, people.presiding, { turn_id: result.replacement.id, allotted_ms: 40_000 }),
    );
    await start(result.replacement.id);
    const fragment = new URLSearchParams({ session: session_id, relay: stack.relayUrl });
    for (const place of ['/live', '/examples/scoreboard.html']) {
      const page = await browser.newPage(1_200, 700);
      await page.open(`${stack.url}${place}#${fragment}`);
      await page.until(`document.getElementById('state').textContent === 'live'`);
      await page.until(`document.querySelector('h1').textContent === 'Moved'`);
      await page.until(`document.getElementById('turn').textContent === 'respondent, opening'`);
      if (place !== '/live') {
        await page.until(`document.getElementById('court').textContent === 'Blue'`);
        await page.until(`/^(40 s|time)$/.test(document.getElementById('card').textContent)`);
      }
      expect(page.complaints).toEqual([]);
    }
  });

  test('shows that the chain is broken, and nothing from there on', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await log(path, 'CASE_CALLED', { n: 1 });
    await log(path, 'AFTERWARDS');
    liar = await startLiar(stack.relayUrl, (_, text) => [text.replace('"n":1', '"n":2')]);
    const page = await browser.newPage(1_000, 700);
    await page.open(address(session_id, liar.url));
    await page.until(`document.getElementById('state').textContent === 'broken'`);
    expect(await page.ask(`document.getElementById('alarm').innerText`)).toContain('broken at event 3');
    const marks = await page.ask(
      `[...document.querySelectorAll('#timeline .mark')].map((one) => one.textContent).join('')`,
    );
    expect(marks).toBe('✗✓✓');
    expect(await page.ask('document.body.innerText')).not.toMatch(/called|afterwards/i);
    await keepPicture('broken', page.picture());
  });

  test('says that the connection is lost, and that it is back', async () => {
    const { session_id } = await openSession(stack.url, people);
    liar = await startLiar(stack.relayUrl);
    const page = await browser.newPage(390, 844);
    await page.open(address(session_id, liar.url));
    await page.until(`document.getElementById('state').textContent === 'live'`);
    const states = `new Promise((resolve) => {
      const seen = [];
      new MutationObserver(() => {
        const { state } = document.getElementById('state').dataset;
        if (seen.at(-1) !== state) seen.push(state);
        if (state === 'live') resolve(seen);
      }).observe(document.getElementById('state'), { attributes: true });
    })`;
    const watched = page.ask(states);
    await page.ask('0');
    liar.cut();
    expect(await watched).toEqual(['stale', 'syncing', 'live']);
  });

  test('asks for a session where it is given none', async () => {
    const page = await browser.newPage(390, 844);
    await page.open(`${stack.url}/live`);
    await page.until(`!document.getElementById('ask').hidden && document.activeElement.id === 'session'`);
    await keepPicture('ask', page.picture());
    expect(page.complaints).toEqual([]);
  });
});

test.skipIf(isLeftOut)(`the page runs its own script alone, ${kind}`, async () => {
  const { status, headers, body } = await get(stack.url, '/live', null);
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-[^']+'; style-src 'sha256-/);
  expect(body.text).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|https?:\/\/(?!127\.0\.0\.1)/);
  const client = await get(stack.url, '/live/client.js', null);
  expect([client.status, client.headers.get('content-type')]).toEqual([200, expect.stringContaining('javascript')]);
});
