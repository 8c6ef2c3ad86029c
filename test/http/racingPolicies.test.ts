/** What several policies come to together holds though they are sent at the same moment, to whichever process. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Json, must, type Person, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { ISSUER, issuedCast } from '../support/issued.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const RULE = { resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 0, step_up: false };
const MOST_POLICIES = 100;
const ENFORCE = { mode: 'enforce', force: true };

describe.skipIf(isLeftOut)(`policies at once, ${kind}`, () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ JWT_ISSUER: ISSUER });
  });
  afterAll(() => stack?.stop());

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const create = (who: Person, rule: object = RULE) => post(url(), '/policies/create', who, { rules: [rule] });
  const fates = (answers: Answer[]) => answers.map(({ body }) => body.code ?? body.status).sort();

  async function open(): Promise<Person> {
    const { admin, institution_id } = issuedCast();
    await must(post(stack.url, `/api/institution/${institution_id}/settings`, admin, { policies: true }));
    return admin;
  }

  /** An admin was seen at each of these hours. */
  const see = ({ institution_id, id }: Person, hours: number[]) =>
    stack.pool.query(
      `insert into policy_decisions (institution_id, slot, user_id, command, role, confidence, stepped_up, hour, accepted, count)
       select $1, date_trunc('hour', now()), $2, 'turn.start', 'admin', 75, false, hour, true, 1 from unnest($3::integer[]) as hour`,
      [institution_id, id, hours],
    );

  test('of two that lock everybody out together one is activated, and of two that are changed to do so one is changed', async () => {
    for (let round = 0; round < 5; round++) {
      const admin = await open();
      const [one, other] = [3, 15].map((from) => ({ ...RULE, hours: { from, to: from + 1 } }));
      await see(admin, [3, 15]);
      const act = ({ id }: Json, verb: string, body: object) => post(url(), `/policies/${id}/${verb}`, admin, body);
      const made = [await must(create(admin, one)), await must(create(admin, other))].map(({ result }) => result);
      const activated = await Promise.all(made.map((policy) => act(policy, 'activate', ENFORCE)));
      expect(fates(activated)).toEqual(['applied', 'locks_everybody_out']);
      const free = [await must(create(admin)), await must(create(admin))].map(({ result }) => result);
      for (const policy of [made[0]!, made[1]!]) await must(act(policy, 'deactivate', {}));
      for (const policy of free) await must(act(policy, 'activate', ENFORCE));
      const changed = await Promise.all(
        free.map((policy, i) => act(policy, 'change', { rules: [i === 0 ? one : other] })),
      );
      expect(fates(changed)).toEqual(['applied', 'locks_everybody_out']);
    }
  });

  test.runIf(isEverything)('an institution has no more than it may have', async () => {
    const admin = await open();
    const answers = await Promise.all(Array.from({ length: MOST_POLICIES + 10 }, () => create(admin)));
    const refused = answers.filter(({ body }) => body.code === 'too_many_policies');
    expect(refused.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 409));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(MOST_POLICIES);
  });
});
