/** What the offline verifier finds in a bundle that was changed: each change is found, by the check that is there for it. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../src/client/protocol.ts';
import { chainEvent, EMPTY_HEAD, type EventRow, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import { sha256 } from '../../src/core/chain/sha256.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';
import { foldBundle } from '../../src/fold/foldBundle.ts';
import { payloadLineText } from '../../src/verifier/payloads.ts';
import { exitCodeOf } from '../../src/verifier/report.ts';
import { unreadableReport, verifyBundle } from '../../src/verifier/verifyBundle.ts';
import { type Bundle, bundleOf, envelopeOf, filesOf, historyOf, sourceOf, verified } from '../support/bundles.ts';
import { isEverything } from '../support/everything.ts';
import { histories } from '../support/histories.ts';

const hearing = historyOf('0.1.0-hearing.ndjson 1').events;

/** The same bundle with something changed. */
function changed(change: (bundle: Bundle) => void): Bundle {
  const bundle = bundleOf(hearing);
  change(bundle);
  return bundle;
}

/** Which checks found something, and where. */
async function found(bundle: Bundle): Promise<string[]> {
  const { findings, verdict } = await verified(bundle);
  expect(verdict).toBe('tampered');
  return findings.map(({ check, event_sequence }) => `${check} ${event_sequence}`);
}

/** A chain of our own. */
function recorded(stream: string, ...events: [type: string, payload: JsonObject][]): EventRow[] {
  const rows: EventRow[] = [];
  for (const [n, [type, payload]] of events.entries()) {
    const head = rows.length === 0 ? EMPTY_HEAD : headAfter(rows.at(-1)!);
    const id = `018f3c1e-7b2a-7c11-9d0e-2f4b6a8c${String(n + 1).padStart(4, '0')}`;
    rows.push(chainEvent(stream, head, { kind: 'session', type, payload }, id, 'system', '2026-11-22T10:00:00.000Z'));
  }
  return rows;
}

const SESSION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
const exported = (row: EventRow) => exportedEvent(row, sessionStream) as SessionEvent;

/** A bundle of a chain that is no court's: it is not folded. */
function bareBundle(rows: EventRow[]): Bundle {
  const { event_hash, sequence } = rows.at(-1)!;
  const session = { id: SESSION, head: { event_sequence: sequence, event_hash }, integrity_hash: null };
  return {
    events: rows.map((row) => envelopeOf(exported(row))),
    payloads: rows.map(({ sequence, payload_salt, payload }) =>
      payloadLineText({ sequence, salt: payload_salt!, payload: payload! }),
    ),
    session: JSON.stringify(session),
    more: {},
  };
}

const bareReport = (bundle: Bundle) => verifyBundle(sourceOf(filesOf(bundle)), { level: 'self' });

test.each(histories.map(({ name, events }) => [name, events] as const))('%s is intact in itself', async (_, events) => {
  const report = await verified(bundleOf(events));
  expect(report).toMatchObject({ verdict: 'intact@self', findings: [], reasons: [] });
  const erasures = events.filter(({ payload }) => payload === null).length;
  const counted = erasures > 0 ? { erasures } : {};
  expect(report.counts).toMatchObject({
    events: events.length,
    payloads: events.length - erasures,
    session: 1,
    ...counted,
  });
  expect(report.head).toEqual({
    event_sequence: events.at(-1)!.event_sequence,
    event_hash: events.at(-1)!.event_hash,
  });
  expect(exitCodeOf(report.verdict)).toBe(0);
});

test('a session is folded again and compared', async () => {
  const { counts, notes } = await verified(bundleOf(hearing));
  expect(counts.state).toBe(1);
  expect(notes).toEqual([]);
});

test('a bundle is the same in pieces of any length', async () => {
  const whole = await verified(bundleOf(hearing));
  for (const bytes of [1, 7, 400, 1_000_000]) {
    const source = sourceOf(filesOf(bundleOf(hearing)), bytes);
    expect(await verifyBundle(source, { level: 'self', fold: foldBundle })).toEqual(whole);
  }
});

/** Five and eight have nothing in common: a short run too turns every bit of a byte somewhere. */
const EVERY = isEverything ? 1 : 5;

test('every byte of the events is looked at: whichever bit is turned is found', async () => {
  const clean = filesOf(bundleOf(hearing.slice(0, 2)));
  for (const name of ['events.ndjson', 'payloads.ndjson']) {
    const file = clean.get(name)!;
    for (let at = 0; at < file.length; at += EVERY) {
      const bytes = file.slice();
      bytes[at]! ^= 1 << (at % 8);
      const { verdict, findings } = await verifyBundle(sourceOf(new Map([...clean, [name, bytes]])), { level: 'self' });
      expect(`${name} ${at} ${verdict}`).toBe(`${name} ${at} tampered`);
      expect(findings.length).toBeGreaterThan(0);
    }
  }
});

test.each(hearing.map((_, i) => i))(
  'event %i deleted, doubled, swapped or emptied is found where it stood',
  async (i) => {
    const n = i + 1;
    const last = hearing.length;
    const deleted = await found(changed(({ events }) => void events.splice(i, 1)));
    expect(deleted).toContain(n === last ? `payload_unexpected ${n}` : `sequence ${n + 1}`);
    if (n < last) expect(deleted).toContain(`link ${n + 1}`);
    const doubled = await found(changed(({ events }) => void events.splice(i, 0, events[i]!)));
    expect(doubled).toEqual(expect.arrayContaining([`sequence ${n}`, `link ${n}`, `payload_missing ${n}`]));
    if (n < last) {
      const swapped = await found(changed(({ events }) => void events.splice(i, 2, events[i + 1]!, events[i]!)));
      expect(swapped.slice(0, 2)).toEqual([`sequence ${n + 1}`, `link ${n + 1}`]);
    }
    expect((await found(changed(({ events }) => void events.splice(i, 1, 'null'))))[0]).toBe(`envelope ${n}`);
  },
);

test.each(hearing.map((_, i) => i))(
  'payload %i deleted, doubled, swapped or emptied is found, and nothing else',
  async (i) => {
    const n = i + 1;
    expect(await found(changed(({ payloads }) => void payloads.splice(i, 1)))).toEqual([`payload_missing ${n}`]);
    const doubled = await found(changed(({ payloads }) => void payloads.splice(i, 0, payloads[i]!)));
    expect(doubled).toEqual([`payload_unexpected ${n}`]);
    if (n < hearing.length) {
      const swapped = await found(
        changed(({ payloads }) => void payloads.splice(i, 2, payloads[i + 1]!, payloads[i]!)),
      );
      expect(swapped).toEqual([`payload_missing ${n}`, `payload_unexpected ${n}`]);
    }
    expect(await found(changed(({ payloads }) => void payloads.splice(i, 1, 'null')))).toEqual([`payload ${n}`]);
  },
);

test('a payload in another form is found, though its value is the same', async () => {
  const forms: ((line: string) => string)[] = [
    (line) => line.replace(':', ': '),
    (line) => line.replace('{', '{"sequence":5,'),
    (line) => `${line} `,
    (line) => line.replace(/"salt":"(\w+)"/, (_, salt) => `"salt":"${salt.toUpperCase()}"`),
    (line) => line.replace('{', '{"other":1,'),
  ];
  for (const form of forms) {
    expect(await found(changed(({ payloads }) => void payloads.splice(4, 1, form(payloads[4]!))))).toEqual([
      'payload 5',
    ]);
  }
});

test('what stands in the session and is not what its events fold into is found by its name', async () => {
  const bundle = bundleOf(hearing);
  const { findings } = await verified({ ...bundle, session: bundle.session.replace('Harbour', 'Hotel') });
  expect(findings).toMatchObject([{ check: 'state', got: 'session.title' }]);
});

test('a session that stands elsewhere than its events end is found', async () => {
  const cut = changed(({ events, payloads }) => {
    events.pop();
    payloads.pop();
  });
  expect((await found(cut)).filter((one) => one.startsWith('session'))).toHaveLength(3);
});

test('a rehashed event is found by the event after it, and a rehashed chain by the session', async () => {
  const rows = recorded(
    `session:${SESSION}`,
    ['SESSION_CREATED', {}],
    ['BENCH_NOTE', { text: 'a' }],
    ['BENCH_NOTE', {}],
  );
  const forged = recorded(
    `session:${SESSION}`,
    ['SESSION_CREATED', {}],
    ['BENCH_NOTE', { text: 'b' }],
    ['BENCH_NOTE', {}],
  );
  const [clean, other] = [bareBundle(rows), bareBundle(forged)];
  const one = {
    ...clean,
    events: clean.events.with(1, other.events[1]!),
    payloads: clean.payloads.with(1, other.payloads[1]!),
  };
  expect((await bareReport(one)).findings[0]).toMatchObject({ check: 'link', event_sequence: 2 });
  const all = { ...other, session: clean.session };
  expect((await bareReport(all)).findings).toMatchObject([{ check: 'session', event_sequence: 3 }]);
});

test('an event of another stream, an older one, and one after the end are found', async () => {
  const rows = recorded(`session:${SESSION}`, ['SESSION_COMPLETED', {}], ['BENCH_NOTE', {}]);
  const { event_hash } = rows[1]!;
  const strange = chainEvent(
    ...(['session:another', headAfter(rows[1]!), { kind: 'session', type: 'BENCH_NOTE', payload: {} }] as const),
    ...([rows[1]!.event_id, 'system', '2026-11-22T09:00:00.000Z'] as const),
  );
  expect(strange.previous_hash).toBe(event_hash);
  const { findings } = await bareReport(bareBundle([...rows, strange]));
  expect(findings.map(({ check, event_sequence }) => `${check} ${event_sequence}`)).toEqual([
    'ending 2',
    'stream 3',
    'time 3',
  ]);
});

function erasureOf(erased: EventRow, type = 'PAYLOAD_ERASED', payload: JsonObject = {}) {
  const { stream, sequence: event_sequence, payload_commitment } = erased;
  const [by] = recorded('assignment:1', [type, { stream, event_sequence, payload_commitment, ...payload }]);
  return { envelope: envelopeOf(exported(by!)), salt: by!.payload_salt!, payload: by!.payload! };
}

test('a payload may be missing where an event that is shown erased it, and nowhere else', async () => {
  const rows = recorded(`session:${SESSION}`, ['SESSION_CREATED', {}], ['BENCH_NOTE', { text: 'Mr Doe' }]);
  const [created, note] = rows as [EventRow, EventRow];
  const withBy = (by: ReturnType<typeof erasureOf> | null) => {
    const bundle = bareBundle(rows);
    bundle.payloads[1] = payloadLineText({ sequence: 2, erased: true, by });
    return bareReport(bundle);
  };
  const good = erasureOf(note);
  expect(await withBy(good)).toMatchObject({ verdict: 'intact@self', counts: { erasures: 1, payloads: 1 } });
  const bad = [
    null,
    erasureOf(created),
    erasureOf(note, 'BENCH_NOTE'),
    erasureOf(note, 'PAYLOAD_ERASED', { event_sequence: 3 }),
    { ...good, payload: good.payload.replace('}', ',"x":1}') },
    { ...good, salt: randomBytes(32).toString('hex') },
    { ...good, envelope: 'no' },
  ];
  for (const by of bad) expect((await withBy(by)).findings).toMatchObject([{ check: 'erasure', event_sequence: 2 }]);
});

test('files are those that events name: changed, missing and strange ones are found, and none at all is said', async () => {
  const file = randomBytes(5_000);
  const hash = sha256(file);
  const rows = recorded(`session:${SESSION}`, ['EXHIBIT_UPLOADED', { sha256: hash, size_bytes: 5_000 }]);
  const withFiles = (more: Bundle['more']) => bareReport({ ...bareBundle(rows), more });
  const name = `exhibits/${hash}`;
  const other = `exhibits/${sha256('other')}`;
  expect(await withFiles({ [name]: file })).toMatchObject({ verdict: 'intact@self', counts: { exhibits: 1 } });
  expect(await withFiles({})).toMatchObject({
    verdict: 'intact@self',
    notes: [/not included/, /not folded/].map((text) => expect.stringMatching(text)),
  });
  const longer = Uint8Array.from([...file, 0]);
  expect((await withFiles({ [name]: longer })).findings).toMatchObject([{ check: 'exhibit', event_sequence: 1 }]);
  expect((await withFiles({ [name]: file, [other]: 'x' })).findings).toMatchObject([{ check: 'exhibit_unexpected' }]);
  expect((await withFiles({ [other]: 'x' })).findings).toMatchObject([
    { check: 'exhibit_missing', event_sequence: 1 },
    { check: 'exhibit_unexpected' },
  ]);
  expect((await withFiles({ [name]: file, 'run.sh': 'x' })).findings).toMatchObject([{ check: 'file', got: 'run.sh' }]);
});

test('where nothing was checked nothing is verified', async () => {
  const empty = await verifyBundle(sourceOf(new Map()), { level: 'self' });
  expect(empty).toMatchObject({ verdict: 'unverifiable', findings: [], counts: { events: 0 } });
  expect(exitCodeOf(empty.verdict)).toBe(2);
  const blank = await verifyBundle(sourceOf(new Map([['events.ndjson', new Uint8Array()]])), { level: 'self' });
  expect(blank.verdict).toBe('unverifiable');
  expect(unreadableReport('self', 'it is gone').verdict).toBe('unverifiable');
});

test('a line that does not end is not read to its end', async () => {
  const files = new Map([['events.ndjson', new Uint8Array(3_000_000).fill(0x20)]]);
  const { verdict, reasons } = await verifyBundle(sourceOf(files, 65_536), { level: 'self' });
  expect(verdict).toBe('unverifiable');
  expect(reasons[0]).toContain('events.ndjson has a line over');
});
