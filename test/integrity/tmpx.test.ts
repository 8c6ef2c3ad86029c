import { it } from 'vitest';
import pg from 'pg';
import fs from 'node:fs';
import { book } from '../../src/commands.ts';
import { openPool } from '../../src/infra/database.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
it('x', async () => {
  const c = openPool(fs.readFileSync('/tmp/bench.url','utf8'), 'verifier', 1, () => {});
  for (let i = 0; i < 5; i++) {
  const c0 = process.cpuUsage();  const t = performance.now();
  const r = await verifyRecord(c as never, book, { institution_id: null });
  const ms = performance.now() - t; const u = process.cpuUsage(c0);
  console.log(r.system_valid, r.events_checked, ms, r.events_checked / ms * 1000, (u.user+u.system)/1000);
  }
  await c.end();
}, 60000);
