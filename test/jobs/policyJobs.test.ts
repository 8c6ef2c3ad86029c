/** What is weighed of policies by jobs: what each changes, of whom it tells whom, and what it leaves alone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { TimedJob } from '../../jobs/job.ts';
import { calculateEffectiveness } from '../../jobs/policies/calculateEffectiveness.ts';
import { checkPolicyHealth } from '../../jobs/policies/checkPolicyHealth.ts';
import { optimizePolicies } from '../../jobs/policies/optimizePolicies.ts';
import { rollBackPolicy } from '../../jobs/policies/rollBackPolicy.ts';
import { simulateChange } from '../../jobs/policies/simulateChange.ts';
import { trackOutcome } from '../../jobs/policies/trackOutcome.ts';
import { effectivenessShape } from '../../src/policies/decisions/cachedEffectiveness.ts';
import type { Rule } from '../../src/policies/rule.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

const DECIDED = `
  insert into policy_decisions
  select $1, date_trunc('hour', now()), $2, 'turn.start', 'judge', $3, false, 12, $4, $5`;
const SAID = `
  insert into policy_outcomes (policy_id, version, slot, user_id, command, outcome, lacks, institution_id, count)
  select $1, $2, date_trunc('hour', now()), $3, 'turn.start', $4, $5, $6, $7`;

const RULE: Rule = {
  ...{ resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 60, step_up: false },
};

/** A job asks; whether it was done the record says. */
const SAYS_WHERE = /auto_tune asks for it: GET \/policies\/[^/]+\/evolution says whether it was done\.$/;

describe.skipIf(isLeftOut)('policies are weighed', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
  });
  afterAll(() => bench.close());

  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const run = (job: TimedJob, input: object = {}) =>
    job.run({ ...bench.tools, slot: new Date().toISOString(), input: job.input?.parse(input) ?? {} });

  interface Opened {
    institution_id: string;
    id: string;
  }

  /** A policy in an institution of its own. */
  async function open(min_confidence: number, settings: object = {}): Promise<Opened> {
    const institution_id = randomUUID();
    await bench.court.send(['institution.settings', { institution_id, policies: true, ...settings }]);
    const rules = [{ ...RULE, min_confidence }];
    const [id] = await bench.court.send(['policy.create', { owner: institution_id, name: 'Rounds', rules }]);
    return { institution_id, id: id! };
  }

  const enforce = ({ id: policy_id, institution_id: owner }: Opened) =>
    bench.court.send(['policy.activate', { policy_id, owner, mode: 'enforce', force: true }]);

  /** So many of a person with this confidence, as doors store them. */
  async function decide({ id, institution_id }: Opened, outcome: string, confidence: number, count: number) {
    const user_id = randomUUID();
    await rowsOf(DECIDED, institution_id, user_id, confidence, outcome !== 'refused', count);
    const lacks = outcome === 'passed' ? '' : 'confidence';
    await rowsOf(SAID, id, 1, user_id, outcome, lacks, institution_id, count);
    return user_id;
  }

  const policyOf = async ({ id }: Opened) =>
    (await rowsOf('select version, rules, mode from policies where id = $1', id))[0];
  const confidenceOf = async (policy: Opened) => (await policyOf(policy)).rules[0].min_confidence;
  const noticesOf = async ({ institution_id }: Opened): Promise<string[]> =>
    (
      await rowsOf(
        `select text from notices where audience like '%' || $1 || '%' order by created_at, id`,
        institution_id,
      )
    ).map(({ text }) => text);
  const cached = ({ id }: Opened, version = 1) =>
    bench.tools.cache.get('policy_performance', `${id}-${version}`, z.strictObject(effectivenessShape));

  test('check_policy_health tells admins of one that was wrong too often, once a day', async () => {
    const [unwell, well, few, off] = [await open(80), await open(60), await open(80), await open(80)];
    await decide(unwell, 'passed', 85, 10);
    await decide(unwell, 'would_refuse', 75, 30);
    await decide(well, 'passed', 75, 40);
    await decide(few, 'would_refuse', 75, 29);
    await decide(off, 'would_refuse', 75, 40);
    await bench.court.send(['institution.settings', { institution_id: off.institution_id, policies: false }]);
    expect(await run(checkPolicyHealth)).toMatchObject({ unwell: 1, is_complete: true });
    expect(await run(checkPolicyHealth)).toMatchObject({ unwell: 1 });
    expect(await noticesOf(unwell)).toEqual([expect.stringMatching(/^The policy Rounds was right in 25 % of 40 /)]);
    for (const other of [well, few, off]) expect(await noticesOf(other)).toEqual([]);
    expect(await cached(unwell)).toMatchObject({ effectiveness: 25, decided: 40 });
    expect(await cached(few)).toBeUndefined();
  });

  test('check_policy_health stops where its time is over', async () => {
    expect(await checkPolicyHealth.run(bench.within(1))).toMatchObject({ weighed: 1, is_complete: false });
  });

  test('optimize_policies tells what would be better, and does it only where that is on and bears little risk', async () => {
    const [told, lowered, enforced] = [
      await open(80),
      await open(80, { auto_tune: true }),
      await open(80, { auto_tune: true }),
    ];
    for (const policy of [told, lowered, enforced]) {
      await decide(policy, 'passed', 90, 10);
      await decide(policy, 'would_refuse', 77, 30);
    }
    // An admin with as much confidence was here, so it may enforce.
    await rowsOf(`update policy_decisions set role = 'admin' where institution_id = $1`, enforced.institution_id);
    await rowsOf(
      `update policy_decisions set hour = h.hour from (select extract(hour from now() at time zone 'UTC')::smallint as hour) h where institution_id = $1`,
      enforced.institution_id,
    );
    await enforce(enforced);
    expect(await run(optimizePolicies)).toMatchObject({ asked: 1, is_complete: true });
    expect([await confidenceOf(told), await confidenceOf(lowered), await confidenceOf(enforced)]).toEqual([80, 75, 80]);
    expect(await policyOf(lowered)).toMatchObject({ version: 2, mode: 'observe' });
    const [line] = await rowsOf(
      'select reason, changed_by from policy_changes where policy_id = $1 and n = 2',
      lowered.id,
    );
    expect(line).toEqual({
      reason: 'It was right in 25 % of 40 decisions: min_confidence is lowered.',
      changed_by: 'system',
    });
    expect(await noticesOf(told)).toEqual([expect.stringContaining(`40 of 40 would have passed instead of 10. POST`)]);
    expect(await noticesOf(lowered)).toEqual([expect.stringMatching(SAYS_WHERE)]);
    expect(await noticesOf(enforced)).toEqual([expect.stringMatching(/\/change does it\.$/)]);
    await run(optimizePolicies);
    expect(await confidenceOf(lowered)).toBe(75);
    expect(await noticesOf(lowered)).toHaveLength(1);
  });

  test('optimize_policies takes more where one enforces and was right, and nobody is refused for it', async () => {
    const [free, costly] = [await open(60, { auto_tune: true }), await open(75, { auto_tune: true })];
    for (const policy of [free, costly]) {
      await decide(policy, 'passed', 75, 40);
      await enforce(policy);
    }
    await run(optimizePolicies);
    expect([await confidenceOf(free), await confidenceOf(costly)]).toEqual([65, 75]);
    expect(await noticesOf(costly)).toEqual([]);
  });

  test('what somebody changed meanwhile is left as it is', async () => {
    const policy = await open(80, { auto_tune: true });
    await decide(policy, 'would_refuse', 77, 30);
    const { id: policy_id, institution_id: owner } = policy;
    const rules = [{ ...RULE, min_confidence: 90 }];
    const send: typeof bench.tools.send = async (order) => {
      await bench.court.send(['policy.change', { policy_id, owner, rules }]);
      await bench.tools.send(order);
    };
    const only = { ...bench.tools, send, input: {} };
    await optimizePolicies.run(only);
    expect(await policyOf(policy)).toMatchObject({ version: 2, rules });
    expect(await noticesOf(policy)).toEqual([expect.stringMatching(SAYS_WHERE)]);
  });

  test('calculate_policy_effectiveness reckons anew what is kept for half an hour', async () => {
    const policy = await open(60);
    await decide(policy, 'passed', 75, 36);
    const { id: policy_id } = policy;
    const reckon = () => run(calculateEffectiveness, { policy_id });
    expect(await reckon()).toMatchObject({ policy_id, version: 1, effectiveness: 100, decided: 36 });
    await decide(policy, 'would_refuse', 50, 4);
    expect(await cached(policy)).toMatchObject({ effectiveness: 100 });
    expect(await reckon()).toMatchObject({ effectiveness: 90, decided: 40 });
    expect(await cached(policy)).toMatchObject({ effectiveness: 90 });
    expect(await run(calculateEffectiveness)).toEqual({ skipped: 'it is to be told policy_id' });
    expect(await run(calculateEffectiveness, { policy_id: randomUUID() })).toHaveProperty('skipped');
  });

  test('track_policy_outcome stores whether a decision was right, and that counts', async () => {
    const policy = await open(80);
    await decide(policy, 'passed', 85, 10);
    const thief = await decide(policy, 'would_refuse', 40, 30);
    const { id: policy_id } = policy;
    const told = { policy_id, user_id: thief, command: 'turn.start', correct: true };
    expect(await run(trackOutcome, told)).toMatchObject({ tracked: 1, effectiveness: 100, decided: 40 });
    const correct = async () =>
      (await rowsOf('select correct from policy_outcomes where policy_id = $1 order by count', policy_id)).map(
        (row) => row.correct,
      );
    expect(await correct()).toEqual([null, true]);
    expect(await cached(policy)).toMatchObject({ effectiveness: 100 });
    expect(await run(trackOutcome, { ...told, user_id: randomUUID() })).toHaveProperty('skipped');
    expect(await run(trackOutcome, { policy_id })).toHaveProperty('skipped');
    expect(await correct()).toEqual([null, true]);
  });

  test('simulate_policy_change says what other rules would have said, and changes nothing', async () => {
    const policy = await open(80);
    await decide(policy, 'passed', 85, 10);
    await decide(policy, 'would_refuse', 75, 30);
    const before = await policyOf(policy);
    const answer = await run(simulateChange, { policy_id: policy.id, rules: [{ ...RULE, min_confidence: 70 }] });
    expect(answer).toMatchObject({
      before: { decided: 40, predicted_approvals: 10, wrong_refusals: 30, users_affected: 1 },
      after: { decided: 40, predicted_approvals: 40, wrong_refusals: 0, users_affected: 0 },
    });
    expect(await policyOf(policy)).toEqual(before);
    expect(await run(simulateChange, { policy_id: policy.id })).toEqual({
      skipped: 'it is to be told policy_id and rules',
    });
  });

  test('rollback_policy makes a version of what one said, on the record', async () => {
    const policy = await open(60);
    const { id: policy_id, institution_id: owner } = policy;
    await bench.court.send(['policy.change', { policy_id, owner, rules: [{ ...RULE, min_confidence: 90 }] }]);
    expect(await run(rollBackPolicy, { policy_id, version: 2 })).toHaveProperty('skipped');
    expect(await run(rollBackPolicy, { policy_id, version: 1 })).toEqual({ policy_id, sent: 1 });
    expect(await policyOf(policy)).toMatchObject({ version: 3, rules: [{ ...RULE, min_confidence: 60 }] });
    const [line] = await rowsOf('select change, reason from policy_changes where policy_id = $1 and n = 3', policy_id);
    expect(line).toEqual({ change: 'rolled_back', reason: 'An operator took it back.' });
  });

  test('leaves a record that verifies', async () => {
    expect(await bench.report()).toMatchObject({ system_valid: true });
  });
});
