/** The tamper matrix (docs/threat-model.md): every change, by every hand, and who finds it. One record, on which each is tried and undone. */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { openAttacker } from './attacker.ts';
import { describeCells, type Scene } from './cells.cases.ts';
import { openGround } from './ground.ts';
import { describeHands } from './hands.cases.ts';
import { describeWhole } from './whole.cases.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

let scene: Scene;

beforeAll(async () => {
  const ground = await openGround();
  scene = { ground, attacker: await openAttacker(ground.database.url) };
});

afterAll(async () => {
  await scene?.attacker.close();
  await scene?.ground.close();
});

describe('a cell or a row changed', () => describeCells(() => scene));
describe('a record', () => describeHands(() => scene));
describe('a database', () => describeWhole(() => scene));
