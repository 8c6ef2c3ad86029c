/** The page on galleries says the numbers of the guard, and of the rules about texts all that there are. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TEXT_RULES } from '../../src/gallery/text/judgeText.ts';
import { BAN_RULES, levelOf, RULES } from '../../src/guard/rules.ts';

const PAGE = readFileSync('docs/gallery.md', 'utf8');
const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

/** By the rule: the number, what follows, what it costs, how to undo it. */
const rows = new Map(
  [...PAGE.matchAll(/^\| (\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, rule, ...cells]) => [
    rule!,
    cells,
  ]),
);
const cooldown = (reporters: number) => levelOf(reporters).cooldown_seconds.toLocaleString('en');
const { burst, rate, text, honeypot, reports, block_ms } = RULES;
const NUMBERS: Record<(typeof BAN_RULES)[number], [number: string, follows: string[]]> = {
  burst: [
    `${burst.routes} different routes by POST within ${burst.window_ms} ms`,
    ['429', `${burst.shadowban_ms / HOUR} h`, `${block_ms / MINUTE} min`],
  ],
  rate: [`more than ${rate.posts} POSTs of a key in ${rate.window_ms / SECOND} s`, ['429', 'the same block']],
  cooldown: [
    `${cooldown(0)} s between two posts; ${cooldown(2)}, ${cooldown(3)}, ${cooldown(6)} s with 2, 3 to 5, 6 and more distinct reporters in ${reports.window_ms / DAY} days`,
    ['429', 'from 3 reporters on', 'from 6 on'],
  ],
  text: [
    `what the rules for texts refuse; ${text.refused} within ${text.window_ms / HOUR} h`,
    ['422', `${text.shadowban_ms / HOUR} h`],
  ],
  honeypot: ['the field `website`, which people do not see, is filled', [`${honeypot.shadowban_ms / HOUR} h`]],
  reports: [
    `${reports.hide_at} distinct reporters of a message; ${reports.remove_at}`,
    [`${reports.shadowban_ms / DAY} days`, `${reports.remove_at}: gone from lists`],
  ],
};

test.each(BAN_RULES)('%s stands in the table with its numbers, what it costs, and how to undo it', (rule) => {
  const [number, follows, cost, undo] = rows.get(rule)!;
  const [expected, words] = NUMBERS[rule];
  expect(number).toBe(expected);
  for (const word of words) expect(follows).toContain(word);
  expect([cost!.length > 10, undo!.length > 5]).toEqual([true, true]);
});

test('the levels of a cooldown change where the table says', () => {
  const changes = Array.from({ length: 20 }, (_, n) => n + 1).filter((n) => {
    return levelOf(n).cooldown_seconds !== levelOf(n - 1).cooldown_seconds;
  });
  expect(changes).toEqual([2, 3, 6]);
  expect([levelOf(2), levelOf(3), levelOf(6)].map(({ shown_to }) => shown_to)).toEqual([
    ...['everybody', 'moderators', 'author'],
  ]);
});

test('all other numbers of the rules stand in the text', () => {
  expect(PAGE).toContain(`More than ${RULES.keys.of_address} browsers of one address within a minute count as one`);
  expect(PAGE).toContain(`At most ${RULES.commands.most} bans a minute`);
  expect([RULES.keys.window_ms, RULES.commands.window_ms, RULES.alone_ms]).toEqual([MINUTE, MINUTE, MINUTE]);
  expect(PAGE).toContain('after a minute of that the gallery takes no posts');
  expect(PAGE).toContain(`${RULES.erased_after_ms / DAY} days after its end`);
});

test('each rule about texts is explained', () => {
  const explained = [...PAGE.matchAll(/^\| `(\w+)` \| [^|]{10,} \|$/gm)].map(([, rule]) => rule!);
  expect(explained.filter((rule) => (TEXT_RULES as readonly string[]).includes(rule))).toEqual([...TEXT_RULES]);
});
