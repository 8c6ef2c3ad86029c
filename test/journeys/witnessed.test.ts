/** A hearing whose log is witnessed by a process of its own, which is killed, comes back, and is lied to with the log's key. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkpointText, parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { type NoteKey, parseVkey, vkeyOf } from '../../src/core/proof/keys.ts';
import { formatNote } from '../../src/core/proof/note.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { type SigningKey, signText } from '../../src/core/proof/signNote.ts';
import { requestText } from '../../src/core/proof/witness.ts';
import { readOrMakeKey } from '../../src/infra/signer/keyFile.ts';
import { cast, get, must, openSession, post } from '../support/client.ts';
import { onFreePort } from '../support/ports.ts';
import { killAll, type Process, startProcess } from '../support/processes.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const origin = 'court.example/log';
const SOON = { timeout: 20_000, interval: 100 };

describe.skipIf(isLeftOut)('a hearing with a witness', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-witnessed-'));
  let logKey: SigningKey;
  let witnessKey: NoteKey;
  let witness: Process;
  let stack: Stack;
  const people = cast();
  const { admin } = people;

  const startWitness = (port: string) => {
    const args = ['--log', vkeyOf(logKey), '--state', join(folder, 'state'), '--name', 'witness.example/w1'];
    return startProcess('witness', 'src/cli/plearoll.js', ['witness', ...args, '--port', port], {});
  };

  beforeAll(async () => {
    logKey = await readOrMakeKey(join(folder, 'log.key'), origin);
    // It comes back to the same one.
    witness = await onFreePort((port) => startWitness(`${port}`));
    witnessKey = parseVkey(witness.output().split('\n')[0]!)!;
    stack = await startStack({
      ...{ LOG_ORIGIN: origin, LOG_KEY_FILE: join(folder, 'log.key'), CHECKPOINT_SECONDS: '0.2' },
      WITNESSES: `${vkeyOf(witnessKey)} ${witness.url}`,
    });
  });
  afterAll(async () => {
    await stack?.stop();
    await killAll([witness]);
    rmSync(folder, { recursive: true, force: true });
  });

  const latest = async () => (await must(get(stack.url, '/integrity/checkpoints?limit=1', admin))).items[0];
  /** Of all that is recorded by now. */
  const untilSigned = async () => {
    const { rows } = await stack.pool.query('select count(*)::integer as events from events');
    await expect.poll(async () => (await latest())?.size, SOON).toBe(rows[0].events);
  };
  const untilCosigned = () => expect.poll(async () => (await latest())?.cosigned_by, SOON).toEqual([witnessKey.name]);
  const readNote = async () => (await fetch(`${stack.url}/integrity/checkpoint`)).text();

  test('is cosigned, before the witness was killed and after, and no second history is', {
    timeout: 300_000,
  }, async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await untilSigned();
    await untilCosigned();
    const { port } = new URL(witness.url);
    await killAll([witness]);
    await must(post(stack.url, `${path}/complete`, people.presiding, { skip_turns: true }));
    await untilSigned();
    expect(await latest()).toMatchObject({ cosigned_by: [] });
    witness = await startWitness(port);
    expect(witness.output()).toContain(vkeyOf(witnessKey));
    await untilCosigned();

    const note = await readNote();
    const { text, signed_by } = await openNote(note, [logKey, witnessKey]);
    expect(signed_by).toEqual([
      { name: origin, key_id: logKey.key_id },
      { name: witnessKey.name, key_id: witnessKey.key_id, time: expect.closeTo(Date.now() / 1_000, -2) },
    ]);
    const { size } = parseCheckpoint(text);
    const other = checkpointText({ origin, size, root: 'ab'.repeat(32) });
    const fork = formatNote({ text: other, signatures: [signText(other, logKey)] });
    const body = requestText({ old: size, hashes: [], note: fork });
    expect((await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body })).status).toBe(409);
    const evidence = readFileSync(join(folder, 'state.evidence'), 'utf8');
    expect(evidence).toContain(fork);
    expect(evidence).toContain(text);
    await expectIntact(stack.url, session_id, admin);
  });
});
