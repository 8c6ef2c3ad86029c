/** The part of the tamper matrix that is about the tables of the chain, in all of the suite: matrix.test.ts has some of it. */
import { describe, vi } from 'vitest';
import { describeCells, OF_CHAIN } from './cells.cases.ts';
import { shareScene } from './scene.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const scene = shareScene();

describe('a cell or a row changed', () => describeCells(scene, OF_CHAIN));
