/** How far a metric has come, by its name: the sum of its values, and of a histogram how often it was observed. */
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { get } from './client.ts';

/** In this process, over all that keep metrics of their own. */
export async function amountOf(
  name: string,
  keepers: readonly { metrics: Metrics }[],
  labels?: string,
): Promise<number> {
  const texts = await Promise.all(keepers.map(({ metrics }) => metrics.registry.metrics()));
  return texts.map((text) => amountIn(text, name, labels)).reduce((sum, amount) => sum + amount, 0);
}

/** The same of what these servers say on `/metrics`, which may be a second old. */
export async function amountAt(name: string, servers: readonly { url: string }[]): Promise<number> {
  const answers = await Promise.all(servers.map(({ url }) => get(url, '/metrics', null)));
  return answers.map(({ body }) => amountIn(body.text as string, name)).reduce((sum, amount) => sum + amount, 0);
}

/** @param labels as they stand between the braces; whatever they are where it is not given */
function amountIn(text: string, name: string, labels = '[^}]*'): number {
  const values = [...text.matchAll(new RegExp(`^${name}(?:_count)?(?:\\{${labels}\\})? (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
