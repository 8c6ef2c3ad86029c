/** A backup holds no files: what was restored says which of them are missing, and which are not what was recorded. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { openBlobs } from '../../src/infra/blobs.ts';
import { cloneDatabase } from '../support/database.ts';
import { anotherPdf } from '../support/exhibits.ts';
import { openCourt } from './recordFixture.ts';

test('a restore looks at the files that the record names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-restored-'));
  const [source, target] = [await cloneDatabase(), await cloneDatabase()];
  const court = openCourt(source.url);
  onTestFinished(async () => {
    await court.close();
    await Promise.all([source.drop(), target.drop()]);
    rmSync(folder, { recursive: true });
  });
  const blobs = openBlobs(join(folder, 'blobs'));
  const session_id = await court.session(await court.assignment());
  const paths: string[] = [];
  const exhibits: string[] = [];
  for (const side of ['petitioner', 'respondent', 'respondent']) {
    const draft = await blobs.receive(Readable.from([anotherPdf()]), 1_000);
    await draft.keep();
    const { sha256, size_bytes } = draft;
    const file = { sha256, size_bytes, media_type: 'application/pdf' };
    exhibits.push((await court.send(['exhibit.upload', { session_id, title: 'A map', side, file }]))[0]!);
    paths.push(join(folder, 'blobs', sha256.slice(0, 2), sha256.slice(2, 4), sha256));
  }
  await court.send(['session.start', { session_id }], ['session.complete', { session_id }]);
  const backup = join(folder, 'backup');
  expect((await takeBackup(source.url, backup)).report).toMatchObject({ system_valid: true });

  const whole = await restoreBackup(target.url, backup, { replace: true, blobs });
  expect(whole.report).toMatchObject({ system_valid: true, sessions_checked: 1 });
  writeFileSync(paths[1]!, 'forged');
  rmSync(paths[2]!);
  const { report } = await restoreBackup(target.url, backup, { replace: true, blobs });
  expect(report.invalid_sessions).toEqual([
    {
      session_id,
      issues: [
        expect.stringMatching(`^File of exhibit ${exhibits[1]} was changed: `),
        `File of exhibit ${exhibits[2]} is missing`,
      ],
    },
  ]);
});
