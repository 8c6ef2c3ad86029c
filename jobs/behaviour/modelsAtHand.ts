/**
 * The models of people whose login sessions are judged, from the cache, else from the database. Which model is active the
 * database has said: another one in the cache is none, so that neither a new model nor a refusal is ever missed.
 */
import { z } from 'zod';
import type { Baseline } from '../../src/behaviour/risk/baseline.ts';
import type { ActiveLogin } from '../../src/behaviour/trained/assess.ts';
import { type Model, readModels } from '../../src/behaviour/trained/model.ts';
import type { JobTools } from '../job.ts';

const KIND = 'behavioral_model';

const whole = z.int();
const cached: z.ZodType<Model> = z.strictObject({
  id: z.string(),
  baseline: z.strictObject({
    sessions: whole,
    usual: z.record(z.string(), z.strictObject({ median: whole, spread: whole, count: whole })),
    shapes: z.array(
      z.strictObject({
        component: z.enum(['keystroke', 'mouse', 'navigation']),
        features: z.array(z.string()),
        inverse: z.array(whole),
      }),
    ),
  }),
});

/** @returns the baselines by the ids of their models */
export async function modelsAtHand(
  { pool, cache }: Pick<JobTools, 'pool' | 'cache'>,
  logins: readonly ActiveLogin[],
): Promise<Map<string, Baseline>> {
  const wanted = new Map(logins.flatMap(({ model_id, user_id }) => (model_id === null ? [] : [[model_id, user_id]])));
  const found = new Map<string, Baseline>();
  await Promise.all(
    [...wanted].map(async ([model_id, user_id]) => {
      const model = await cache.get(KIND, user_id, cached);
      if (model?.id === model_id) found.set(model_id, model.baseline);
    }),
  );
  const missing = [...wanted.keys()].filter((model_id) => !found.has(model_id));
  if (missing.length === 0) return found;
  const models = await readModels(pool, missing);
  for (const { id, baseline } of models) found.set(id, baseline);
  await Promise.all(models.map((model) => cache.put(KIND, wanted.get(model.id)!, model, wanted.get(model.id)!)));
  return found;
}
