/**
 * The tamper matrix (docs/threat-model.md): every change, by every hand, and who finds it. One record, on which each is tried and
 * undone. In all of the suite the tables of the chain have a record of their own (chainCells.test.ts), as both take long.
 */
import { describe, vi } from 'vitest';
import { isEverything } from '../../support/everything.ts';
import { describeCells, describeUntouched, OF_CHAIN, OTHERS } from './cells.cases.ts';
import { describeHands } from './hands.cases.ts';
import { shareScene } from './scene.ts';
import { describeWhole } from './whole.cases.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const scene = shareScene();

describe('nothing changed', () => describeUntouched(scene));
describe('a cell or a row changed', () => describeCells(scene, isEverything ? OTHERS : [...OTHERS, ...OF_CHAIN]));
describe('a record', () => describeHands(scene));
describe('a database', () => describeWhole(scene));
