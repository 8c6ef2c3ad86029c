/** Erasing payloads: every type that can be erased goes, to the last copy, and the record still verifies. */
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { eventId } from '../../src/core/chain/ids.ts';
import { noteErasures } from '../../src/infra/erasuresFile.ts';
import { verifyStream } from '../../src/integrity/streams/verifyStreams.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { NOW } from '../support/given.ts';
import { type Court, completedRound, openCourt, people } from './recordFixture.ts';

let database: TestDatabase;
let court: Court;
let assignment_id: string;
let session_id: string;

beforeAll(async () => {
  database = await cloneDatabase();
  court = openCourt(database.url);
  assignment_id = await court.assignment();
  session_id = await completedRound(court, assignment_id);
});

afterAll(async () => {
  await court.close();
  await database.drop();
});

const erasableOf = async (stream: string) => {
  const { rows } = await database.pool.query<{ sequence: number; event_type: string }>(
    'select sequence, event_type from events where stream = $1 order by sequence',
    [stream],
  );
  return rows.filter(({ event_type }) => catalog.events.get(event_type)?.erased || !catalog.events.has(event_type));
};

const erase = (whose: string, event_sequence: number) =>
  court.send(['payload.erase', { session_id, event_sequence, reason: 'personal_data', stream: whose }]);

/** All that the database holds, as text. */
async function everything(): Promise<string> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  const texts = await Promise.all(
    rows.map(async ({ name }) => {
      const all = await database.pool.query<{ text: string }>(
        `select coalesce(string_agg(t::text, E'\\n'), '') as text from ${name} t`,
      );
      return `${name}: ${all.rows[0]!.text}`;
    }),
  );
  return texts.join('\n');
}

describe('a completed round', () => {
  test('is restored from a backup of before without what was erased since', async () => {
    const [folder, restored] = [await mkdtemp(join(tmpdir(), 'plearoll-erasing-')), await cloneDatabase()];
    onTestFinished(async () => void (await Promise.all([restored.drop(), rm(folder, { recursive: true })])));
    const [backup, erasuresFile] = [join(folder, 'backup'), join(folder, 'signer', 'erasures')];
    await takeBackup(database.url, backup);
    const { sequence } = (await erasableOf(`session:${session_id}`))[0]!;
    const text = `select encode(payload_commitment, 'hex') as commitment from events where stream = $1 and sequence = $2`;
    const { rows } = await database.pool.query(text, [`session:${session_id}`, sequence]);
    const erased = { stream: `session:${session_id}`, event_sequence: sequence, reason: 'court_order' as const };
    const noted = { erased: { ...erased, payload_commitment: rows[0].commitment }, actor: people.admin, at: NOW };
    const other = { ...noted, erased: { ...noted.erased, event_sequence: 2, payload_commitment: '0'.repeat(64) } };
    await noteErasures(
      erasuresFile,
      [noted, other, noted].map((one) => ({ ...one, writes: [], commands: [] })),
    );
    await appendFile(erasuresFile, '{"stream":"session:');
    const { report, erased_again } = await restoreBackup(restored.url, backup, { replace: false, erasuresFile });
    expect({ erased_again, issues: report.invalid_sessions, valid: report.system_valid }).toEqual({
      ...{ erased_again: 1, issues: [], valid: true },
    });
    const { rows: left } = await restored.pool.query(
      `select erased_by, reason, sequence from erasures where stream = $1`,
      [`session:${session_id}`],
    );
    expect(left).toEqual([{ erased_by: people.admin, reason: 'court_order', sequence }]);
  });

  test('verifies after every payload of it that can be erased was, and its texts are nowhere', async () => {
    const before = await everything();
    const words = ['Ada “Petrova”', 'Rui Santos', 'Judge Okafor', 'Sam Bailey', 'Go on.'];
    for (const word of words) expect(before).toContain(JSON.stringify(word).slice(1, -1));
    for (const { sequence } of await erasableOf(`session:${session_id}`)) await erase('session', sequence);
    for (const { sequence } of await erasableOf(`assignment:${assignment_id}`)) {
      if (sequence === 1) await erase('assignment', sequence);
    }
    const after = await everything();
    for (const word of words) expect(after).not.toContain(word);
    expect(await verifyStream(court.verifier as never, catalog, `session:${session_id}`)).toMatchObject({ issues: [] });
    const report = await verifyRecord(court.verifier as never, catalog, { institution_id: null });
    expect(report).toMatchObject({ tamper_detected: false, invalid_streams: [], guard_issues: [], command_issues: [] });
  });

  test('loses a ruling that was corrected since, and the correction what it says was ruled before', async () => {
    const other = await court.assignment();
    const own = await court.session(other);
    const bench = { id: people.judge, role: 'judge' as const };
    const [start] = await court.send(['session.start', { session_id: own }]);
    const turn_id = eventId(start!, 2);
    await court.send(['turn.start', { session_id: own, turn_id, speaker_id: people.petitioner }]);
    const raised = { session_id: own, turn_id, ground: 'misrepresentation' };
    const [objection_id] = await court.send([
      'objection.raise',
      raised,
      { id: people.respondent, role: 'participant' },
    ]);
    const ruling = { session_id: own, objection_id: objection_id! };
    await court.send(['objection.rule', { ...ruling, decision: 'overruled', ruling: 'Zanzibar.' }, bench]);
    const reason = 'Misread.';
    await court.send(['objection.correct', { ...ruling, decision: 'sustained', ruling: 'Rephrase.', reason }, bench]);
    expect(await everything()).toContain('Zanzibar.');
    const ruled = `select sequence from events where stream = $1 and event_type = 'OBJECTION_RULED'`;
    const { rows } = await database.pool.query(ruled, [`session:${own}`]);
    const erased = { session_id: own, event_sequence: rows[0].sequence, reason: 'personal_data', stream: 'session' };
    await court.send(['payload.erase', erased]);
    const after = await everything();
    expect([after.includes('Zanzibar.'), after.includes('Misread.')]).toEqual([false, true]);
    expect(await verifyStream(court.verifier as never, catalog, `session:${own}`)).toMatchObject({ issues: [] });
  });
});
