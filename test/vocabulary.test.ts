/** One word, one meaning: words that were given up stay out of names, comments have a subject, and verbs bind. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Source {
  path: string;
  text: string;
}

const sources: Source[] = ['src', 'jobs'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(join(root, folder, path), 'utf8') })),
);

/** Names that are given up, and what is said instead. A name is declared, bound or a key; SQL and metrics keep theirs. */
const GIVEN_UP: { [word: string]: string } = {
  Held: 'StreamState',
  Lane: 'Batcher',
  Book: 'Catalog',
  bookOf: 'catalogOf',
  Desk: 'ApiContext',
  Brought: 'RequestContent',
  Rung: 'DoorbellEntry',
  Looked: 'StreamVerdict',
  look: 'poll, check or probe',
  looks: 'polls',
  lookAgain: 'pollAgain',
  lookout: 'overdue poll',
  sweep: 'remove…, or the overdue poll',
  lookAt: 'poll, check or probe',
  settle: 'acknowledge, catchUp, collect or withDecision',
  standing: 'current',
  Standing: 'InboxLoad',
  readStanding: 'readInboxLoad',
  FileFacts: 'FileInfo',
  Unsettled: 'Watched',
  inTime: 'withTimeout',
  sentTogether: 'pipelined',
  demandCount: 'assertRowCount',
};

function namesIn({ text }: Source): string[] {
  const declared = /\b(?:const|let|function\*?|class|interface|type|async) +(\w+)|^\s+(\w+)\??(?:\(|: )/gm;
  return [...text.matchAll(declared)].map(([, one, other]) => (one ?? other)!);
}

/** Each comment as one text, without its signs. */
function commentsIn({ text }: Source): string[] {
  const found = text.match(/\/\*\*[\s\S]*?\*\/|(?:^ *\/\/.*\n)+/gm) ?? [];
  return found.map((one) => one.replace(/^\s*(\/\*\*|\*\/|\*|\/\/) ?|\*\/$/gm, '').replace(/\s+/g, ' '));
}

const SUBJECTLESS = /(?:^|[.:;] )(who|whoever|somebody|anybody) /i;

/** What a function returns, by its name: as it says, or, where the compiler infers it, whether a `return` rejects. */
function returnsOf({ text }: Source, verb: string): [name: string, type: string][] {
  const declared = new RegExp(
    `^( *)(?:export )?(?:async )?function (${verb}[A-Z]\\w*)\\([\\s\\S]*?\\)(?:: ([^{]*?))? \\{`,
    'gm',
  );
  return [...text.matchAll(declared)].map(({ 0: head, 1: indent, 2: name, 3: type, index }) => {
    const [body = ''] = text.slice(index + head.length).split(`\n${indent}}`);
    const rejects = /\breturn [^;]*\b(?:reject|refuse[A-Z]\w*)\(/.test(body);
    return [name!, type ?? (rejects ? 'Rejection' : 'void')];
  });
}

const each = (find: (source: Source) => string[]) =>
  sources.flatMap((source) => find(source).map((what) => `${source.path}: ${what}`));

describe('in src and jobs', () => {
  test('no name is a word that was given up', () => {
    expect(each((source) => namesIn(source).filter((name) => Object.hasOwn(GIVEN_UP, name)))).toEqual([]);
  });

  test('no sentence of a comment has who, whoever, somebody or anybody for its subject', () => {
    expect(each((source) => commentsIn(source).filter((one) => SUBJECTLESS.test(one)))).toEqual([]);
  });

  test('refuse… returns a rejection or undefined, and demand… throws', () => {
    const isRejection = (type: string) => /^(Promise<)?Rejection( \| undefined)?>?$/.test(type);
    const refusing = each((one) => returnsOf(one, 'refuse').flatMap(([name, type]) => (isRejection(type) ? [] : name)));
    const demanding = each((one) =>
      returnsOf(one, 'demand').flatMap(([name, type]) => (isRejection(type) ? name : [])),
    );
    expect([...refusing, ...demanding]).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const planted = {
    path: 'planted',
    text: '/** Waits. Whoever asks, waits. */\nfunction refuseAll(): void {}\nconst look = 1;',
  };

  test('find what is planted', () => {
    expect(namesIn(planted)).toEqual(['refuseAll', 'look']);
    expect(commentsIn(planted).filter((one) => SUBJECTLESS.test(one))).toHaveLength(1);
    expect(returnsOf(planted, 'refuse')).toEqual([['refuseAll', 'void']]);
    const inferred =
      'function refuseSome(n: number) {\n  return n;\n}\nfunction refuseFew() {\n  return reject();\n}\n';
    expect(returnsOf({ path: '', text: inferred }, 'refuse')).toEqual([
      ['refuseSome', 'void'],
      ['refuseFew', 'Rejection'],
    ]);
  });

  test('read a tree that has names, comments and refusals', () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(each((source) => returnsOf(source, 'refuse').map(([name]) => name)).length).toBeGreaterThan(15);
    expect(each((source) => returnsOf(source, 'demand').map(([name]) => name)).length).toBeGreaterThan(15);
  });
});
