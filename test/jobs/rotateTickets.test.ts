/** The secret of observers' tickets is replaced, and no ticket that was given out is refused for it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rotateTickets } from '../../jobs/tokens/rotateTickets.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { type FollowedKeys, followTicketKeys } from '../../src/infra/ticketKeys.ts';
import { createTokens, type Tokens } from '../../src/infra/tokens.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { SECRET } from '../support/secret.ts';
import { isLeftOut } from '../support/stack.ts';

const session_id = randomUUID();

describe.skipIf(isLeftOut)('rotate.tickets', () => {
  let bench: Workbench;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
  });

  afterAll(async () => {
    for (const close of closing) await close();
    await bench.close();
  });

  /** A process that signs or honours tickets, as its role lets it. */
  async function start(role: 'door' | 'relay'): Promise<{ keys: FollowedKeys; tokens: Tokens }> {
    const pool = openPool(bench.database.url, role, 1, () => {});
    const keys = await followTicketKeys(pool as Queryable, bench.tools.log);
    closing.push(
      () => keys.close(),
      () => pool.end(),
    );
    const options = { secret: SECRET, publicKey: undefined, issuer: undefined, audience: undefined };
    return { keys, tokens: createTokens({ ...options, ticketKeys: keys, revocations: NO_REVOCATIONS }) };
  }

  const ticketOf = ({ tokens }: { tokens: Tokens }) => {
    const holder = { id: randomUUID(), role: 'judge', institution_id: randomUUID() } as const;
    return tokens.issueTicket({ holder, session_id, expires_at: new Date(Date.now() + 600_000).toISOString() });
  };
  const rotate = async () => {
    await bench.database.pool.query(`update ticket_secrets set rotated_at = rotated_at - interval '1 day'`);
    return rotateTickets.run(bench.tools);
  };

  test('a ticket is honoured by who has not looked since the secret was replaced, and the other way round', async () => {
    const [api, relay] = [await start('door'), await start('relay')];
    const early = ticketOf(api);
    expect(await rotate()).toEqual({ rotated: true });
    await api.keys.refresh();
    const late = ticketOf(api);
    for (const ticket of [early, late]) expect(await relay.tokens.verifyTicket(ticket)).toMatchObject({ session_id });
    await relay.keys.refresh();
    for (const ticket of [early, late]) expect(await relay.tokens.verifyTicket(ticket)).toMatchObject({ session_id });
  });

  test('a secret that was replaced twice is honoured no more', async () => {
    const [old, relay] = [await start('door'), await start('relay')];
    const ticket = ticketOf(old);
    for (const times of [1, 2]) {
      await rotate();
      await relay.keys.refresh();
      const honoured = await relay.tokens.verifyTicket(ticket);
      expect([times, honoured !== undefined]).toEqual([times, times === 1]);
    }
  });

  test('a second run of the job replaces nothing', async () => {
    await rotate();
    const secrets = async () => (await bench.database.pool.query('select * from ticket_secrets')).rows;
    const before = await secrets();
    expect(await rotateTickets.run(bench.tools)).toEqual({ rotated: false });
    expect(await secrets()).toEqual(before);
  });
});
