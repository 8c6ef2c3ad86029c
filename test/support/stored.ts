/** All that an installation stores, as one text, to look for words in. */
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { kind, type Stack } from './stack.ts';

/** All rows of all tables, the queue's too, and all that Redis holds. @param without names of tables, as `public.x` */
export async function everythingStored({ pool }: Pick<Stack, 'pool'>, without: string[] = []): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'bullmq')`,
  );
  const texts: string[] = [];
  for (const { name } of rows.filter(({ name }) => !without.includes(name))) {
    const { rows: found } = await pool.query<{ t: string }>(`select t::text as t from ${name} t`);
    texts.push(...found.map(({ t }) => t));
  }
  if (kind === 'distributed') texts.push(...(await everythingInRedis(inject('redisUrl')!)));
  return texts.join('\n');
}

async function everythingInRedis(url: string): Promise<string[]> {
  const redis = new Redis(url);
  const texts: string[] = [];
  for await (const keys of redis.scanStream() as AsyncIterable<string[]>) {
    for (const key of keys) texts.push((await redis.dumpBuffer(key))?.toString('latin1') ?? '');
  }
  await redis.quit();
  return texts;
}
