/** The log as it is given out: whoever has a key checks what an outcome was traded for, and believes no server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isGrowth, parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { parseHeadText } from '../../src/core/proof/headNote.ts';
import { type NoteKey, parseVkey } from '../../src/core/proof/keys.ts';
import { merkleRoot } from '../../src/core/proof/merkle.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { provesInclusion } from '../../src/core/proof/proofs.ts';
import { tilePath } from '../../src/core/proof/tiles.ts';
import { type Cast, cast, get, must, openSession, type Person, person, post } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { quickest } from '../support/quickest.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)(`proofs, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };
  let keys: NoteKey[];

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people);
    const { body } = await get(stack.url, '/integrity/keys', null);
    keys = body.keys.map(({ vkey }: { vkey: string }) => parseVkey(vkey)!);
  });
  afterAll(() => stack.stop());

  const text = async (path: string, token?: string) => {
    const response = await fetch(`${stack.url}${path}`, token ? { headers: { authorization: `Bearer ${token}` } } : {});
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const open = async (note: string) => parseCheckpoint((await openNote(note, keys)).text);
  const proofOf = (event_sequence: number, more = '', prefer: Record<string, string> = {}) =>
    get(
      stack.url,
      `/integrity/proof/inclusion?stream=session:${session.session_id}&event_sequence=${event_sequence}${more}`,
      people.admin,
      prefer,
    );

  test('an outcome is traded for a proof that its event is under a checkpoint, by who may see its stream', async () => {
    const outcome = await must(
      post(stack.url, `${session.path}/log`, people.admin, { event_type: 'NOTE', details: {} }),
    );
    const [{ event_sequence, event_hash }] = outcome.events;
    expect(await proofOf(event_sequence)).toMatchObject({ status: 409, body: { code: 'not_sealed' } });
    const { status, body } = await proofOf(event_sequence, '', { prefer: 'wait=30' });
    expect([status, body.event_hash]).toEqual([200, event_hash]);
    const { index, size, hashes, checkpoint } = body;
    const signed = await open(checkpoint);
    expect(signed.size).toBe(size);
    expect(provesInclusion({ index, size, leaf: event_hash, hashes }, signed.root)).toBe(true);
    expect(await proofOf(event_sequence, `&size=${size}`)).toMatchObject({ status: 200, body: { index, hashes } });
    expect(await proofOf(event_sequence, `&size=${size + 1_000}`)).toMatchObject({ status: 404 });
    expect(await proofOf(1_000)).toMatchObject({ status: 404 });
    expect(await proofOf(0)).toMatchObject({ status: 422 });
    const path = `/integrity/proof/inclusion?stream=session:${session.session_id}&event_sequence=1`;
    expect((await get(stack.url, path, null)).status).toBe(401);
    expect((await get(stack.url, path, cast().admin)).status).toBe(404);
    const other = path.replace('session:', 'policy:');
    expect((await get(stack.url, other, people.admin)).status).toBe(404);
  });

  test('of what a gallery and the guard recorded, proofs are for hosts and admins, and for nobody on a stage', async () => {
    const changes = { visibility: 'public', gallery: 'always' };
    const { session_id, path } = await openSession(stack.url, people, changes);
    const said = await must(
      post(stack.url, `${path}/gallery/post`, people.student, { text: 'Why so?', category: 'question' }),
    );
    const banned = await must(
      post(stack.url, '/api/guard/ban', people.admin, { address: '192.0.2.77', reason: 'Floods.', hours: 1 }),
    );
    const streams = { [`gallery:${session_id}`]: said, [`guard:${people.institution_id}`]: banned };
    const statusFor = async (who: Person | null, prefer: Record<string, string> = {}) => {
      const asked = Object.entries(streams).map(([stream, { events }]) =>
        get(
          stack.url,
          `/integrity/proof/inclusion?stream=${stream}&event_sequence=${events[0].event_sequence}`,
          who,
          prefer,
        ),
      );
      return (await Promise.all(asked)).map(({ status }) => status);
    };
    expect(await statusFor(people.admin, { prefer: 'wait=30' })).toEqual([200, 200]);
    for (const who of [people.student, people.bailiff, people.presiding, people.petitioner, cast().admin]) {
      expect(await statusFor(who)).toEqual([404, 404]);
    }
    expect(await statusFor(null)).toEqual([401, 401]);
    await must(post(stack.url, `${path}/pause`, people.admin));
    expect(await statusFor(people.bailiff)).toEqual([200, 404]);
    expect(await statusFor(people.student)).toEqual([404, 404]);
    expect(await statusFor(person('super_admin'))).toEqual([200, 200]);
  });

  test("a session's end is under a checkpoint within seconds, though the next is not due", {
    timeout: 120_000,
  }, async () => {
    const untilSealed = async () => {
      const ended = await openSession(stack.url, people);
      const { events } = await must(post(stack.url, `${ended.path}/complete`, people.admin, { skip_turns: true }));
      const { event_sequence } = events.at(-1);
      const path = `/integrity/proof/inclusion?stream=session:${ended.session_id}&event_sequence=${event_sequence}`;
      const began = performance.now();
      const { status } = await get(stack.url, path, people.admin, { prefer: 'wait=30' });
      return status === 200 ? performance.now() - began : Number.POSITIVE_INFINITY;
    };
    expect(await quickest(8_000, untilSealed)).toBeLessThan(8_000);
  });

  test('checkpoints are notes that the key opens, each grown from the one before', async () => {
    const latest = await text('/integrity/checkpoint');
    expect(latest).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    const { body } = await get(stack.url, '/integrity/checkpoints?limit=2', null);
    expect(body.items.length).toBeGreaterThan(0);
    for (const { size, root, cosigned_by } of body.items) {
      const { text: note } = await text(`/integrity/checkpoint/${size}`);
      expect(await open(note)).toMatchObject({ size, root });
      expect(cosigned_by).toEqual([]);
    }
    const after = await open(latest.text);
    const first = body.items.at(-1);
    const proof = await get(stack.url, `/integrity/proof/consistency?from=${first.size}&to=${after.size}`, null);
    expect(isGrowth({ ...after, ...first }, after, proof.body.hashes)).toBe(true);
    expect((await text('/integrity/checkpoint/999999')).status).toBe(404);
    expect((await text('/integrity/checkpoint/01')).status).toBe(404);
    expect((await get(stack.url, `/integrity/proof/consistency?from=2&to=1`, null)).status).toBe(404);
    expect((await get(stack.url, `/integrity/proof/consistency?from=1&to=999999`, null)).status).toBe(404);
    expect((await get(stack.url, `/integrity/proof/consistency?from=1`, null)).status).toBe(422);
    expect((await get(stack.url, '/integrity/checkpoints?cursor=x', null)).status).toBe(422);
  });

  test('tiles give the root that was signed, and hold nothing that is not', async () => {
    const { size, root } = await open((await text('/integrity/checkpoint')).text);
    const tile = async (width: number) => {
      const response = await fetch(`${stack.url}/integrity/tile/${tilePath({ level: 0, index: 0 }, width)}`);
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
    };
    const { status, bytes, headers } = await tile(size);
    expect([status, headers.get('content-type'), bytes.length]).toEqual([200, 'application/octet-stream', 32 * size]);
    expect(headers.get('cache-control')).toContain('immutable');
    expect(merkleRoot(bytes.toString('hex').match(/.{64}/g)!)).toBe(root);
    expect((await tile(255)).status).toBe(404);
    for (const path of ['0/0', '0/000', '1/000', '0/000.p/0', '64/000', '0/x']) {
      expect([path, (await text(`/integrity/tile/${path}`)).status]).toEqual([path, 404]);
    }
  });

  test.each([
    ...[
      'tile/7/000',
      `tile/0/${'x999/'.repeat(5)}999`,
      `tile/0/${'x999/'.repeat(40)}999`,
      'tile/0/000.p/257',
      'tile/-1/000',
    ],
    ...['checkpoint/9007199254740991', 'checkpoint/9223372036854775808', 'checkpoint/-1', 'checkpoint/1e3'],
    ...['proof/consistency?from=9007199254740991&to=9007199254740991', 'proof/consistency?from=-1&to=1'],
    ...['proof/consistency?from=1&to=99999999999999999999', 'proof/consistency?from=1&from=2&to=3'],
    `checkpoints?cursor=${Buffer.from('["9999999999999999"]').toString('base64url')}`,
    `checkpoints?cursor=${'A'.repeat(4_000)}`,
    ...['checkpoints?limit=1000000', 'checkpoints?limit=0', 'runs?cursor=x'],
  ])('%s is no fault of ours', async (path) => {
    const { status, text: said } = await text(`/integrity/${path}`, people.admin.token);
    expect([404, 422]).toContain(status === 200 ? 404 : status);
    expect(said.length).toBeLessThan(4_096);
  });

  test.each([
    ...[`stream=session:${'a'.repeat(60)}`, `stream=${'a'.repeat(5_000)}:b`, 'stream=session:', 'stream=__proto__:a'],
    ...['stream=session:00000000-0000-0000-0000-000000000000'],
  ])('a proof of %s is of nothing that there is', async (query) => {
    const { status } = await text(`/integrity/proof/inclusion?event_sequence=1&${query}`, people.admin.token);
    expect([404, 422]).toContain(status);
  });

  test('heads are signed with a key of their own: over HTTP, and in a snapshot', async () => {
    const { text: note, status } = await text(`${session.path}/head`, people.admin.token);
    expect(status).toBe(200);
    const stream = `session:${session.session_id}`;
    const { text: said, signed_by } = await openNote(note, keys);
    expect(signed_by[0]!.name).toMatch(/\/head$/);
    const { body } = await get(stack.url, session.path, people.admin);
    const { event_sequence: sequence, event_hash } = body.head;
    expect(parseHeadText(said)).toMatchObject({ stream, sequence, event_hash });
    const { token } = people.admin;
    const listener = await listenOnWebSocket(stack.relayUrl, { token, session_id: session.session_id });
    const snapshot = await listener.until(({ type }) => type === 'SNAPSHOT');
    listener.close();
    const head = (snapshot as any).data.signed_head;
    expect(parseHeadText((await openNote(head, keys)).text)).toMatchObject({ stream, sequence, event_hash });
    expect((await text(`${session.path}/head`)).status).toBe(401);
    expect((await text(`${session.path}/head`, cast().admin.token)).status).toBe(404);
  });
});
