/** The audit trail over HTTP: what is on it, who reads it, and that each entry is in the log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runByHand } from '../support/byHand.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { quickest } from '../support/quickest.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('the audit trail', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people, { visibility: 'institution' });
    await must(post(stack.url, `${session.path}/observe`, people.student));
    await must(
      post(stack.url, `/api/institution/${people.institution_id}/settings`, people.admin, { telemetry: true }),
    );
    const address = { address: '192.0.2.80', reason: 'Floods.', hours: 1 };
    await must(post(stack.url, '/api/guard/ban', people.admin, address));
    await post(stack.url, '/api/guard/unban', people.admin, { address: '192.0.2.81', reason: 'A mistake.' });
    await untilAudited(stack.pool);
  });

  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  const read = async (who: Person, query = '') => (await must(get(stack.url, `/audit${query}`, who))).items as Json[];

  test('has what was granted, denied and changed, the latest first, and nothing of what happened in court', async () => {
    const entries = await read(people.admin);
    expect(entries).toMatchObject([
      { type: 'admin_action', action: 'guard.unban', outcome: 'rejected', code: 'ban_ended', user_id: people.admin.id },
      { type: 'access_deny', action: 'guard.ban', outcome: 'applied', subject: `guard:${people.institution_id}` },
      { type: 'admin_action', action: 'institution.settings', outcome: 'applied', role: 'admin', code: null, count: 1 },
      { type: 'access_grant', action: 'session.observe', outcome: 'applied', user_id: people.student.id },
    ]);
    expect(entries.map(({ event_sequence }) => event_sequence)).toEqual([4, 3, 2, 1]);
    const { rows } = await stack.pool.query('select name from commands where id = $1', [entries[2]!.command_id]);
    expect(rows).toEqual([{ name: 'institution.settings' }]);
  });

  test('is asked for by type, by person and in pages', async () => {
    expect(await read(people.admin, '?type=access_grant')).toMatchObject([{ action: 'session.observe' }]);
    expect(await read(people.admin, `?user=${people.student.id}`)).toMatchObject([{ action: 'session.observe' }]);
    expect(await read(people.admin, '?type=mfa_event')).toEqual([]);
    const first = await must(get(stack.url, '/audit?limit=3', people.admin));
    expect(first.items).toHaveLength(3);
    const { items, next_cursor } = await must(
      get(stack.url, `/audit?limit=3&cursor=${first.next_cursor}`, people.admin),
    );
    expect(items).toMatchObject([{ action: 'session.observe' }]);
    expect(next_cursor).toBeNull();
    for (const query of ['?type=coffee', '?user=me', '?cursor=x', '?kind=access_grant']) {
      expect(await get(stack.url, `/audit${query}`, people.admin)).toMatchObject({ status: 422 });
    }
  });

  test('is the own admins’, and a super_admin’s', async () => {
    const stranger = cast().admin;
    const [entry] = await read(people.admin);
    expect(await read(stranger)).toEqual([]);
    expect((await read(person('super_admin'))).map(({ id }) => id)).toContain(entry!.id);
    for (const path of ['/audit', `/audit/${entry!.id}/proof`, '/ledger/checkpoints']) {
      expect(await get(stack.url, path, people.presiding)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await get(stack.url, path, null)).toMatchObject({ status: 401 });
    }
    const proof = `/audit/${entry!.id}/proof`;
    expect(await get(stack.url, proof, stranger)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const inclusion = `/integrity/proof/inclusion?stream=audit:${people.institution_id}&event_sequence=1`;
    expect(await get(stack.url, inclusion, stranger)).toMatchObject({ status: 404 });
  });

  test('has a proof of each entry under a checkpoint', async () => {
    for (const { id, event_sequence } of await read(people.admin)) {
      const proof = await must(get(stack.url, `/audit/${id}/proof`, people.admin, { prefer: 'wait=30' }));
      expect(proof).toMatchObject({ stream: `audit:${people.institution_id}`, event_sequence });
      expect(proof.checkpoint).toContain(`\n${proof.size}\n`);
    }
    const { items } = await must(get(stack.url, '/ledger/checkpoints', people.admin));
    expect(items[0]).toMatchObject({ size: expect.any(Number), root: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await get(stack.url, '/audit/00000000-0000-7000-8000-000000000000/proof', people.admin)).toMatchObject({
      status: 404,
    });
    expect(await get(stack.url, '/audit/mine/proof', people.admin)).toMatchObject({ status: 404 });
  });

  test('is at most two seconds behind what was done', async () => {
    const behind = async () => {
      const body = { address: '192.0.2.90', reason: 'A mistake.' };
      const { command_id } = (await post(stack.url, '/api/guard/unban', people.admin, body)).body;
      await untilAudited(stack.pool);
      const text = `select extract(epoch from recorded_at - happened_at)::float8 * 1000 as ms from audit_entries where command_id = $1`;
      return (await stack.pool.query(text, [command_id])).rows[0].ms as number;
    };
    expect(await quickest(2_000, behind)).toBeLessThan(2_000);
  });

  test('has files, which the admins download who may read their entries, as they were stored', async () => {
    const data = 'What was said at length. '.repeat(100);
    const told = { type: 'admin_action', user_id: 'an-operator', action: 'audit.file', data };
    const { sha256 } = await runByHand(stack, 'store_large_data_ipfs', {
      institution_id: people.institution_id,
      ...told,
    });
    await untilAudited(stack.pool);
    const [{ id, data_sha256 }] = (await read(people.admin, '?type=admin_action')) as [Json];
    expect(data_sha256).toBe(sha256);
    const of = (who: Person | null, entry = id) => get(stack.url, `/audit/${entry}/data`, who);
    const { status, body, headers } = await of(people.admin);
    expect([status, body.text]).toEqual([200, data]);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="audit-${id}.bin"`);
    expect(await of(person('super_admin'))).toMatchObject({ status: 200 });
    expect(await of(people.presiding)).toMatchObject({ status: 403 });
    expect(await of(null)).toMatchObject({ status: 401 });
    const [without] = await read(people.admin, '?type=access_grant');
    const nothing = [await of(cast().admin), await of(people.admin, without!.id), await of(people.admin, 'mine')];
    for (const answer of nothing) expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    await stack.backbones[0]!.blobs.remove(String(sha256), Date.now() + 60_000);
    expect(await of(people.admin)).toMatchObject({ status: 500, body: { code: 'file_damaged' } });
  });

  test('tells of what a super_admin does where no institution is named on the installation’s own trail', async () => {
    const root = person('super_admin');
    await must(post(stack.url, '/ops/tokens/revoke', root, { jti: 'somebody’s' }));
    await untilAudited(stack.pool);
    expect(await read(root, `?user=${root.id}`)).toMatchObject([{ type: 'access_deny', action: 'tokens.revoke' }]);
    expect(await read(people.admin, `?user=${root.id}`)).toEqual([]);
  });
});
