/** The bytes that are hashed: the published test vector, the profile, and that the database agrees with us. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBatch } from '../../src/core/apply/transaction.ts';
import {
  canonicalPayload,
  envelopeText,
  eventHash,
  GENESIS_HASH,
  payloadCommitment,
} from '../../src/core/chain/chain.ts';
import { chainEvent, EMPTY_HEAD, type EventRow, hashOf, headAfter } from '../../src/core/chain/ledger.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

/** The same with whole numbers for others, and texts and keys without what may not be in them. */
function withinProfile(value: unknown): unknown {
  if (typeof value === 'number') return Math.trunc(value % 2 ** 53);
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '0');
  if (Array.isArray(value)) return value.map(withinProfile);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [withinProfile(key), withinProfile(one)] as const);
  return Object.fromEntries(entries.filter(([key]) => key !== '__proto__'));
}

describe('the test vector of plearoll.event/1', () => {
  const payload = canonicalPayload({ text: 'Objection — leading the witness.', ground: 'hearsay' });
  const commitment = payloadCommitment(new Uint8Array(32).fill(0xab), payload);
  const envelope = {
    actor: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e14',
    at: '2026-09-24T10:11:12.345Z',
    commitment,
    id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e13',
    previous_hash: GENESIS_HASH,
    sequence: 1,
    stream: 'session:018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
    type: 'OBJECTION_RAISED',
  };

  test('the payload is canonical', () => {
    expect(payload).toBe('{"ground":"hearsay","text":"Objection — leading the witness."}');
  });

  test('the commitment', () => {
    expect(commitment).toBe('afb2cb079d832672fe4635c6dffd0dabd436bd2703cd1729078d2cff21a11257');
  });

  test('the envelope has 387 bytes, in this order', () => {
    const text = envelopeText(envelope);
    expect(Buffer.byteLength(text)).toBe(387);
    expect(Object.keys(JSON.parse(text))).toEqual([
      'actor',
      'at',
      'commit',
      'id',
      'prev',
      'seq',
      'stream',
      'type',
      'v',
    ]);
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
  });

  test('the event hash', () => {
    expect(eventHash(envelope)).toBe('78cb0e8632ffbbf32ec883aa873f3ed3b5f25395e34abd5241d88e700ea6ecde');
  });
});

describe('a canonical payload', () => {
  test.each<[object, string]>([
    [{ b: 1, a: [2, { d: null, c: true }] }, '{"a":[2,{"c":true,"d":null}],"b":1}'],
    [
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ],
    [{ n: -0, m: 2 ** 53 - 1, l: -(2 ** 53 - 1) }, '{"l":-9007199254740991,"m":9007199254740991,"n":0}'],
    [{ text: '\u001f"\\/\u2028' }, '{"text":"\\u001f\\"\\\\/\u2028"}'],
    [{}, '{}'],
  ])('of %j is %s', (payload, text) => {
    expect(canonicalPayload(payload)).toBe(text);
  });

  const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) });

  test.each<[string, object]>([
    ['a fraction', { n: 0.5 }],
    ['2^53', { n: 2 ** 53 }],
    ['infinity', { list: [1, -Infinity] }],
    ['what is no number', { n: Number.NaN }],
    ['U+0000 in text', { text: 'a\u0000b' }],
    ['U+0000 in a key', { 'a\u0000': 1 }],
    ['a lone surrogate in text', { deep: [{ text: 'x\ud83d' }] }],
    ['a lone surrogate in a key', { '\ude00': 1 }],
    ['a key __proto__', JSON.parse('{"a":{"__proto__":1}}')],
    ['17 levels', deep(17)],
  ])('refuses %s', (_, payload) => {
    expect(() => canonicalPayload(payload)).toThrow(TypeError);
  });

  test('is what RFC 8785 says, in whatever order its keys come', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' })), (given) => {
        const payload = withinProfile(given) as object;
        const canonical = canonicalize(payload);
        expect(canonicalPayload(payload)).toBe(canonical);
        expect(canonicalPayload(JSON.parse(canonical!))).toBe(canonical);
      }),
      { numRuns: 500 },
    );
  });

  test('may have 16 levels', () => {
    expect(canonicalPayload(deep(16))).toHaveLength(2 * 16 + 15 * 4);
  });
});

describe('on a database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await cloneDatabase();
  });
  afterAll(() => database.drop());

  const text = (pattern: RegExp) => fc.stringMatching(pattern);
  const storable = fc.string({ unit: 'grapheme' }).filter((one) => one !== '__proto__' && !one.includes('\u0000'));
  const arbitraryEvent = fc.record({
    type: text(/^[A-Z][A-Z0-9_]{0,49}$/),
    actor: text(/^[a-z0-9:_-]{1,64}$/),
    at: fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
    payload: fc.dictionary(storable, fc.oneof(fc.maxSafeInteger(), storable, fc.constant(null)), { maxKeys: 4 }),
  });

  test('envelope and hash of any event are the same in SQL and here, and the CHECK takes the row', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryEvent, { minLength: 1, maxLength: 20 }), async (events) => {
        const stream = `session:${randomUUID()}`;
        const rows: EventRow[] = [];
        let head = EMPTY_HEAD;
        for (const { type, actor, at, payload } of events) {
          const row = chainEvent(
            stream,
            head,
            { kind: 'session', type, payload },
            randomUUID(),
            actor,
            at.toISOString(),
          );
          rows.push(row);
          head = headAfter(row);
        }
        await store(rows);
        const { rows: stored } = await database.pool.query(
          `select encode(event_hash, 'hex') as event_hash, public.event_envelope(stream, sequence, event_id, event_type,
             actor_id, occurred_at, payload_commitment, previous_hash) as envelope
           from events where stream = $1 order by sequence`,
          [stream],
        );
        expect(stored).toEqual(rows.map((row) => ({ event_hash: hashOf(row), envelope: envelopeOf(row) })));
        const { rows: commitments } = await database.pool.query(
          `select encode(sha256('\\x02'::bytea || salt || convert_to(payload, 'UTF8')), 'hex') as commitment
           from event_payloads where stream = $1 order by sequence`,
          [stream],
        );
        expect(commitments.map(({ commitment }) => commitment)).toEqual(rows.map((row) => row.payload_commitment));
      }),
      { numRuns: 40 },
    );
  });

  test('a hash of anything but its row is refused by the CHECK', async () => {
    const row = chainEvent(
      `session:${randomUUID()}`,
      EMPTY_HEAD,
      note,
      randomUUID(),
      'system',
      '2026-01-01T00:00:00.000Z',
    );
    const changes: Partial<EventRow>[] = [
      { event_hash: randomBytes(32).toString('hex') },
      { event_hash: createHash('sha256').update(envelopeOf(row)).digest('hex') },
      { actor_id: 'somebody' },
      { occurred_at: '2026-01-01T00:00:00.001Z' },
      { event_type: 'OTHER' },
      { payload_commitment: GENESIS_HASH },
      { event_id: randomUUID() },
      { stream: `session:${randomUUID()}` },
    ];
    for (const change of changes) {
      await expect(store([{ ...row, ...change }])).rejects.toMatchObject({ constraint: 'ck_event_hash' });
    }
    await store([row]);
  });

  const note = { kind: 'session', type: 'NOTE', payload: { a: 1 } };

  /** As the applier stores events, but without a command behind them. */
  async function store(rows: EventRow[]): Promise<void> {
    await writeBatch(database.pool as never, { rows, moved: new Map(), outcomes: [], faults: [] } as never);
  }
});

function envelopeOf(row: EventRow): string {
  return envelopeText({
    actor: row.actor_id,
    at: row.occurred_at,
    commitment: row.payload_commitment,
    id: row.event_id,
    previous_hash: row.previous_hash,
    sequence: row.sequence,
    stream: row.stream,
    type: row.event_type,
  });
}
