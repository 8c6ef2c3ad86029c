import { it } from 'vitest';
import pg from 'pg';
import { book } from '../../src/commands.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { openCourt, people } from './court.ts';
import { openTestDatabase } from './testDatabase.ts';
import { execFileSync } from 'node:child_process';
it('x', async () => {
  const db = await openTestDatabase();
  const court = openCourt(db.url);
  const t0 = performance.now();
  const text = 'May it please the court, the respondent relies on the second submission. '.repeat(2);
  const session_ids: string[] = [];
  for (let i = 0; i < 100; i++) session_ids.push(await court.session(await court.assignment()));
  for (const session_id of session_ids) {
    await court.send(['session.start', { session_id }]);
    const as = { id: people.petitioner, role: 'participant' as const };
    await court.send(['session.join', { session_id, role: 'petitioner' }, as]);
    const logs = Array.from({ length: 440 }, (_, n) => ['session.log', { session_id, event_type: 'BENCH_NOTE', details: { n, text } }] as any);
    const turns = Array.from({ length: 56 }, () => ['session.join', { session_id, role: 'petitioner' }, as] as any);
    await court.send(...logs, ...turns);
    await court.send(['session.complete', { session_id }]);
  }
  console.log('built', (performance.now() - t0) / 1000);
  const admin = new pg.Client(db.url); await admin.connect(); await admin.query('vacuum analyze events'); await admin.query('vacuum analyze event_payloads');
  for (let i = 0; i < 1; i++) {
    const c0 = process.cpuUsage(); const t = performance.now();
    const r = await verifyRecord(court.verifier as never, book, { institution_id: null });
    const s = (performance.now() - t) / 1000; const c = process.cpuUsage(c0);
    console.log(r.message, s.toFixed(2), 's', Math.round(r.events_checked / s), 'ev/s; node cpu', ((c.user + c.system) / 1e6).toFixed(2));
  }
  console.log(db.url); const fs = await import('node:fs'); fs.writeFileSync('/tmp/bench.url', db.url); while (fs.existsSync('/tmp/bench.url')) await new Promise((r) => setTimeout(r, 500)); await admin.end();
  await court.close(); await db.close();
}, 9000000);
