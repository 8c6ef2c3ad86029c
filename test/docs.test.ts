/** The page on architecture names files, functions and folders: all of them are there, and no folder is left out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLOSINGS } from '../src/live/closeCodes.ts';
import { described } from '../src/live/examples.ts';
import { commands } from '../src/modules.ts';
import { queries } from '../src/queries.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/ARCHITECTURE.md');

describe('the life of an objection', () => {
  const stops = [...page.matchAll(/^\| (\d+) \|[^|]*\| `([^`]+)` \| `(\w+)` \| [^|]+ \|$/gm)];

  test('has twelve stops', () => {
    expect(stops.map(([, number]) => Number(number))).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test.each(stops.map(([, , file, name]) => [file!, name!]))('passes through %s, which exports %s', (file, name) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    expect(read(file)).toMatch(new RegExp(`^export (async )?(function|const|class) ${name}\\b`, 'm'));
  });
});

test('the plan names every folder that has files, with one line each', () => {
  const plan = page.slice(page.indexOf('## The plan'), page.indexOf('## Who may import whom'));
  const named = [...plan.matchAll(/^\| `((?:src|jobs)[^`]*)` \| .+ \|$/gm)].map(([, folder]) => folder!);
  const files = ['src', 'jobs'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' }).map((file) => join(top, file)),
  );
  const folders = new Set(files.filter((file) => file.endsWith('.ts')).map((file) => dirname(file)));
  expect(named.toSorted()).toEqual([...folders].sort());
});

const PAGES = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));

test('the index of the pages leads to every page', () => {
  const index = read('docs/README.md');
  expect(PAGES.filter((name) => name !== 'README.md' && !index.includes(`](${name})`))).toEqual([]);
});

test('a link to a heading of a page leads to one', () => {
  const anchors = (path: string) =>
    [...read(path).matchAll(/^##+ (.+)$/gm)].map(([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  const lost = ['README.md', ...PAGES.map((name) => `docs/${name}`)].flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:)([^)#]+\.md)#([^)]+)\)/g)]
      .filter(([, to, anchor]) => !anchors(join(dirname(path), to!)).includes(anchor!))
      .map(([link]) => `${path}: ${link}`),
  );
  expect(lost).toEqual([]);
});

describe.each([
  ...['README.md', 'CONTRIBUTING.md', 'docs/README.md', 'docs/ARCHITECTURE.md', 'docs/sockets.md', 'docs/feeds.md'],
  ...['docs/evening.md', 'docs/upgrading.md', 'docs/decisions/README.md'],
])('%s', (path) => {
  test('links to and names only files that are there', () => {
    const text = read(path);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, to]) => join(dirname(path), to!));
    const names = [...text.matchAll(/`((?:src|jobs|test|migrations|docs)\/[\w./-]+\.(?:ts|json|md))`/g)].map(
      ([, to]) => to!,
    );
    expect([...links, ...names].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe('the findings of the audit', () => {
  const rows = [...read('docs/feeds.md').matchAll(/^\| (P\d-\d) \|.+\| (.+) \|$/gm)].map(([, name, held]) => [
    name!,
    held!,
  ]);

  test('are sixteen', () => {
    expect(rows).toHaveLength(16);
  });

  test.each(rows)('%s is held by a test of that name, in each file that the page names', (name, held) => {
    const files = [...held.matchAll(/`(test\/[\w./-]+)`/g)].map(([, file]) => file!);
    expect(files).not.toEqual([]);
    const named = new RegExp(`\\((?:P\\d-\\d, )*${name}(?:, P\\d-\\d)*\\)'`);
    expect(files.filter((file) => !named.test(read(file)))).toEqual([]);
  });
});

describe('the tests that pages name', () => {
  const cited = PAGES.flatMap((name) =>
    [...read(`docs/${name}`).matchAll(/(test\/[\w./-]+\.ts) › ((?:"[^"]+"(?:, | and )?)+)/g)].flatMap(
      ([, file, quoted]) => [...quoted!.matchAll(/"([^"]+)"/g)].map(([, title]) => [file!, title!] as const),
    ),
  );
  /** Titles as they are written: what a table fills in may be anything. A title may be cited behind that of its `describe`. */
  const titlesOf = (file: string) =>
    [...read(file).matchAll(/(['`"])((?:(?!\1).){8,})\1/g)].map(([, , title]) =>
      title!.replaceAll(/[.*+?^(){}|[\]\\]/g, '\\$&').replaceAll(/%\w|\$\w+|\$\\{[^}]*\\}/g, '.+'),
    );
  const isThere = (file: string, title: string) =>
    title.split(/ ?\.\.\. ?/).every((part) => {
      const text = read(file);
      return text.includes(part) || titlesOf(file).some((one) => new RegExp(`(^|\\s)${one}$`).test(part));
    });

  test('are there', () => {
    expect(cited.length).toBeGreaterThan(100);
    expect(cited.filter(([file, title]) => !existsSync(join(ROOT, file)) || !isThere(file, title))).toEqual([]);
  });
});

describe('the page on sockets', () => {
  const sockets = read('docs/sockets.md');

  test.each(Object.entries(described))('has %s with its example', (type, { summary, example }) => {
    const [, about, shown] =
      new RegExp(`^### ${type}\n\n(.+)\n\n\`\`\`json\n([^\`]+)\n\`\`\`$`, 'm').exec(sockets) ?? [];
    expect(about?.slice(0, summary.length)).toBe(summary);
    expect(JSON.parse(shown!)).toEqual(example);
  });

  test('has every close code, and whether to come back after it', () => {
    const rows = [...sockets.matchAll(/^\| (\d{4}) \| (\w+) \| (yes|no) \| (.+) \|$/gm)];
    const expected = Object.entries(CLOSINGS).map(([code, { reason, returns, meaning }]) => {
      return [code, reason, returns ? 'yes' : 'no', meaning];
    });
    expect(rows.map(([, ...row]) => row)).toEqual(expected);
  });

  test('leads nowhere within itself that is not there', () => {
    const headings = [...sockets.matchAll(/^##+ (.+)$/gm)].map(([, text]) => text!.toLowerCase().replaceAll(' ', '-'));
    const links = [...sockets.matchAll(/\]\(#([^)]+)\)/g)].map(([, to]) => to!);
    expect(links.filter((to) => !headings.includes(to))).toEqual([]);
  });
});

describe.each(readdirSync(join(ROOT, 'docs/decisions')))('decision %s', (name) => {
  test('names only files and folders that are there', () => {
    const text = read(`docs/decisions/${name}`);
    const names = [...text.matchAll(/`((?:src|jobs|test|deploy)\/[\w./-]+)`/g)].map(([, to]) => to!);
    expect(names.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe('the commands that the guide to the evening shows', () => {
  const guide = read('docs/evening.md');
  const ID = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
  /** As the shell makes them: variables hold ids. */
  const filled = (text: string) => text.replaceAll(/'?\$(\(uuid\)|[A-Z]+)'?/g, ID);
  const routeOf = (route: string) => {
    const [method, path] = route.split(' ');
    return [method, new RegExp(`^${path!.replaceAll(/:\w+/g, '[^/]+')}$`)] as const;
  };
  const find = <One extends { route: string }>(all: readonly One[], method: string, path: string) =>
    all.find(({ route }) => routeOf(route)[0] === method && routeOf(route)[1].test(path));
  const posts = [...guide.matchAll(/^post \$\w+ (\S+)(?: '(.+)')?$/gm)].map(([, path, body = '{}']) => [path!, body]);
  const gets = [...guide.matchAll(/^get \$\w+ '?([^'\s]+)'?$/gm)].map(([, target]) => target!);

  test.each(posts)('POST %s %s is taken', (path, body) => {
    const command = find(commands, 'POST', filled(path!))!;
    expect(command.body.safeParse(JSON.parse(filled(body!))).error?.issues).toBeUndefined();
  });

  test.each(gets)('GET %s is answered', (target) => {
    const { pathname, searchParams } = new URL(filled(target), 'http://court.example');
    const asked = Object.fromEntries(searchParams);
    expect(find(queries, 'GET', pathname)!.query.safeParse(asked).error?.issues).toBeUndefined();
  });

  test('are some', () => {
    expect([posts.length, gets.length]).toEqual([6, 3]);
  });
});
