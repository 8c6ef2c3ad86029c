/** A record and who attacks it, for all tests of a file. */
import { afterAll, beforeAll } from 'vitest';
import { openAttacker } from './attacker.ts';
import type { Scene } from './cells.cases.ts';
import { openGround } from './ground.ts';

export function shareScene(): () => Scene {
  let scene: Scene;

  beforeAll(async () => {
    const ground = await openGround();
    scene = { ground, attacker: await openAttacker(ground.database.url) };
  });

  afterAll(async () => {
    await scene?.attacker.close();
    await scene?.ground.close();
  });

  return () => scene;
}
