/** Frames are told by their headers alone: whole frames pass, however the bytes are cut, and what does not pass leaves no trace. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Frame, Frames } from '../../src/relay/transports/frames.ts';
import { isEverything } from '../support/everything.ts';
import { frame } from '../support/flood.ts';

const sent = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
  length: fc.oneof(fc.nat({ max: 130 }), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000)),
  isLet: fc.boolean(),
});

test('those let through come out whole and in order, whatever the pieces they came in', () => {
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 9_000 })), (all, cuts) => {
      const made = all.map(({ opcode, length }) => frame(Buffer.alloc(length, 'x'), opcode));
      const judged: Frame[] = [];
      const frames = new Frames((one) => {
        judged.push(one);
        return all[judged.length - 1]!.isLet;
      });
      const out = pieces(Buffer.concat(made), cuts).map((bytes) => frames.filter(bytes));
      const expected = made.filter((_, i) => all[i]!.isLet);
      expect(Buffer.concat(out).equals(Buffer.concat(expected))).toBe(true);
      expect(judged).toEqual(all.map(({ opcode, length }) => ({ opcode, length })));
    }),
    { numRuns: isEverything ? 300 : 40 },
  );
});

/** Cut after so many bytes each, again and again; one by one where there are no cuts. */
function pieces(bytes: Buffer, cuts: number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = cuts[i % cuts.length] ?? 100;
    cut.push(bytes.subarray(at, at + size));
    at += size;
  }
  return cut;
}
