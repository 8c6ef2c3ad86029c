/** `npm start` as a person meets it: the built program in a process of its own, with a home of its own. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { token as tokenCommand } from '../src/cli/token.ts';
import { findRunning } from '../src/infra/postgres/withDatabase.ts';
import { chromium, keepPicture, startBrowser } from './support/browser.ts';
import { cast, get, type Json, must, openSession, post } from './support/client.ts';
import { cloneDatabase } from './support/database.ts';
import { isEverything, someOf } from './support/everything.ts';
import { hear } from './support/heard.ts';
import { prepareHome } from './support/preparedHome.ts';
import { entryOf, flags, until } from './support/processes.ts';
import { SECRET } from './support/secret.ts';
import { openTerminal } from './support/terminal.ts';
import { expectIntact } from './support/verdict.ts';
import { openWire } from './support/wire.ts';

const dist = join(import.meta.dirname, '../dist');
const run = promisify(execFile);
const INSTITUTION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e99';

let home: string;
let running: ChildProcess[] = [];

beforeEach(async () => {
  // Beside the run's own Postgres, and as quick.
  home = await mkdtemp(join(inject('home'), 'start-'));
});
afterEach(async () => {
  await Promise.all(running.map(stop));
  running = [];
  await rm(home, { recursive: true, force: true });
});

function environment(changes: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return {
    PATH,
    PLEAROLL_HOME: home,
    PORT: '0',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_GENERAL_PER_MINUTE: '0',
    RATE_LIMIT_READS_PER_MINUTE: '0',
    ...changes,
  };
}

interface Program {
  child: ChildProcess;
  output(): string;
  /** Resolves with the match as soon as the output has it; rejects when the program ends first. */
  until(text: RegExp): Promise<RegExpExecArray>;
  exit: Promise<number | string | null>;
}

async function program(file: string, env: NodeJS.ProcessEnv, args: string[] = []): Promise<Program> {
  return runEntry(await entryOf(file), env, args, flags);
}

function runEntry(entry: string, env: NodeJS.ProcessEnv, args: string[], flags: readonly string[] = []): Program {
  // A process group of its own, as a terminal gives it: what is signalled to all of it is Ctrl-C.
  const child = spawn(process.execPath, [...flags, entry, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.push(child);
  let text = '';
  const waiting = new Set<() => void>();
  const hear = (chunk: Buffer) => {
    text += String(chunk);
    for (const look of [...waiting]) look();
  };
  child.stdout!.on('data', hear);
  child.stderr!.on('data', hear);
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string | null);
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text);
        if (match) resolve(match);
      };
      waiting.add(look);
      look();
      void exit.then((code) => reject(new Error(`ended with ${code} before ${pattern}:\n${text}`)));
    });
  return { child, output: () => text, until, exit };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  await gone;
}

/** What runs here: the command lines, arguments apart by NUL, by pid. */
function commands(): Map<number, string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };
  return new Map(pids.map((pid) => [Number(pid), read(pid)]));
}

function childrenOf(parent: number): string[] {
  const isChild = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[1] === String(parent);
    } catch {
      return false;
    }
  };
  return [...commands()].flatMap(([pid, command]) => (isChild(pid) ? [command] : []));
}

const commandsWith = (text: string) => [...commands().values()].filter((command) => command.includes(text));
const postgresLog = () => readFileSync(join(home, 'postgres.log'), 'utf8');

const EMBEDDED = 'src/processes/embedded.js';
const PLEAROLL = 'src/cli/plearoll.js';

async function startEmbedded(env = environment(), args: string[] = []): Promise<Program & { url: string }> {
  return untilReady(await program(EMBEDDED, env, args));
}

async function untilReady(started: Program): Promise<Program & { url: string }> {
  const [, url] = await started.until(/^ready (http:\S+)$/m);
  return { ...started, url: url! };
}

async function token(...args: string[]): Promise<string> {
  const command = [...flags, await entryOf(PLEAROLL), 'token', ...args];
  const { stdout } = await run(process.execPath, command, { env: environment() });
  return stdout;
}

async function createAssignment(url: string): Promise<Response> {
  const bearer = (await token('--role', 'admin', '--institution', INSTITUTION)).trim();
  const one = (n: number) => [{ user_id: `018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e0${n}`, name: 'N' }];
  return fetch(`${url}/api/assignment/create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      title: 'A v. B',
      courtroom: '1',
      scheduled_at: '2027-01-01T00:00:00Z',
      petitioner: one(1),
      respondent: one(2),
      panel: one(3),
      visibility: 'institution',
    }),
  });
}

/** What the walk-through prints: an answer on each line, then the attendance, the log and the verdict. */
function expectWholeRound(printed: string): void {
  const answers = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
  expect(answers.filter(({ status }) => typeof status === 'number')).toEqual([]);
  const shown = answers.find(({ clock }) => clock);
  expect(shown).toMatchObject({
    turn: { speaker: { name: 'Ada Petrova' } },
    clock: { running: false, deadline: null },
  });
  const { logs } = answers.at(-2)!;
  expect(logs.map(({ event_type }: Json) => event_type)).toEqual([
    ...[
      'SESSION_CREATED',
      'SESSION_STARTED',
      'PARTICIPANT_JOINED',
      'CASE_CALLED',
      'EXHIBIT_UPLOADED',
      'EXHIBIT_MARKED',
    ],
    ...['TURN_STARTED', 'OBJECTION_RAISED', 'OBJECTION_RULED', 'EXHIBIT_TENDERED', 'EXHIBIT_RULED', 'TURN_ENDED'],
    'SESSION_COMPLETED',
  ]);
  expect(answers.at(-1)).toMatchObject({ is_valid: true, events_checked: logs.length });
}

async function assignments(url: string): Promise<number> {
  const bearer = (await token('--role', 'admin', '--institution', INSTITUTION)).trim();
  const answer = await fetch(`${url}/api/assignment/list`, { headers: { authorization: `Bearer ${bearer}` } });
  return ((await answer.json()) as { items: unknown[] }).items.length;
}

describe('npm start', () => {
  test('starts with nothing given, stops cleanly, and keeps its data', { timeout: 300_000 }, async () => {
    // As it was built: everywhere else each program is one file.
    const first = await untilReady(runEntry(join(dist, EMBEDDED), environment(), []));
    expect((await createAssignment(first.url)).status).toBe(201);
    expect(first.output()).toMatch(/^Making a database in .*\n(.*\n)*Making the tables …\n(.*\n)*ready /m);
    process.kill(-first.child.pid!, 'SIGINT');
    expect(await first.exit).toBe(0);
    const second = await startEmbedded();
    expect(second.output()).not.toContain('Making');
    expect(await assignments(second.url)).toBe(1);
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
  });

  test.runIf(isEverything)(
    'starts again after it was killed, with what had been answered',
    { timeout: 300_000 },
    async () => {
      await prepareHome(home);
      const first = await startEmbedded();
      expect((await createAssignment(first.url)).status).toBe(201);
      first.child.kill('SIGKILL');
      await first.exit;
      const second = await startEmbedded();
      expect(await assignments(second.url)).toBe(1);
      expect((await createAssignment(second.url)).status).toBe(201);
    },
  );

  test.runIf(isEverything)(
    'a job is run by hand on what it keeps, whether it runs or not',
    { timeout: 300_000 },
    async () => {
      const job = () => program(PLEAROLL, environment(), ['job', 'verify.everything']);
      await prepareHome(home);
      const first = await startEmbedded();
      const beside = await job();
      expect([await beside.exit, beside.output()]).toEqual([0, expect.stringContaining('"streams_invalid":0')]);
      await stop(first.child);
      const alone = await job();
      expect([await alone.exit, alone.output()]).toEqual([0, expect.stringContaining('"streams_invalid":0')]);
    },
  );

  test.runIf(isEverything).each(['SIGTERM', 'SIGKILL'] as const)(
    'a turn whose time runs out after %s is ended by the next start, once',
    {
      timeout: 300_000,
    },
    async (signal) => {
      const env = environment({ JWT_SECRET: SECRET });
      await prepareHome(home);
      const first = await startEmbedded(env);
      const people = cast();
      const segments = [{ side: 'petitioner', kind: 'argument', allotted_ms: 1_500 }];
      const format = { name: 'One speech', segments, on_expiry: 'end' };
      const { session_id, path } = await openSession(first.url, people, { format });
      const { items } = await must(get(first.url, `${path}/turns`, people.admin));
      const speech = { turn_id: items[0].id, speaker_id: people.petitioner.id };
      const { result } = await must(post(first.url, `${path}/turn/start`, people.presiding, speech));
      const { deadline } = result.clock;
      first.child.kill(signal);
      await first.exit;
      await until('the deadline has passed', () => Date.now() > Date.parse(deadline));
      const second = await startEmbedded(env);
      const state = async () => (await get(second.url, `${path}/turns`, people.admin)).body.items[0].state;
      await until('the turn is ended', async () => (await state()) === 'ended');
      await must(post(second.url, `${path}/complete`, people.presiding));
      const { logs } = await must(get(second.url, `${path}/logs`, people.admin));
      const expired = logs.filter(({ event_type }: Json) => event_type === 'TURN_EXPIRED');
      expect(expired).toMatchObject([{ actor_id: 'system', payload: { deadline, ends: true } }]);
      await expectIntact(second.url, session_id, people.admin);
    },
  );

  test('stops cleanly while its Postgres is away', { timeout: 300_000 }, async () => {
    const database = await cloneDatabase();
    onTestFinished(() => database.drop());
    const wire = await openWire(database.url);
    onTestFinished(() => wire.stop());
    const env = environment({ DATABASE_URL: wire.urlOf(database.url), JWT_SECRET: SECRET });
    const { url, child, exit } = await startEmbedded(env);
    await openSession(url, cast());
    wire.leadTo('postgres://127.0.0.1:1');
    wire.cut();
    await until('it is missed', async () => (await get(url, '/health', null)).status === 503);
    const stopping = performance.now();
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    // Within the grace period.
    expect(performance.now() - stopping).toBeLessThan(25_000);
  });

  const MOMENTS: [string, (pid: number) => boolean][] = [
    ['is making its data', (pid) => childrenOf(pid).some((command) => command.includes('initdb'))],
    ['has its home', () => existsSync(join(home, 'plearoll.lock'))],
    ['is starting Postgres', (pid) => childrenOf(pid).some((command) => command.includes('bin/postgres\0-D'))],
    ['is migrating', () => existsSync(join(home, 'postgres.log')) && /ready to accept/.test(postgresLog())],
  ];

  test.each(someOf(MOMENTS))(
    'Ctrl-C while it %s ends it, and leaves nothing running and nothing locked',
    { timeout: 300_000 },
    async (_, isThen) => {
      const { child, output, exit } = await program(EMBEDDED, environment());
      await until('the moment has come', () => child.exitCode !== null || isThen(child.pid!));
      process.kill(-child.pid!, 'SIGINT');
      expect([await exit, output()]).toEqual([0, expect.not.stringContaining('ready http')]);
      // What initdb had started ends a moment after it.
      await until('nothing is left running', () => commandsWith(home).length === 0);
      expect((await readdir(home)).filter((name) => /lock|\.new-/.test(name))).toEqual([]);
      const again = await startEmbedded();
      expect((await createAssignment(again.url)).status).toBe(201);
      expect(again.output()).not.toContain('left behind');
    },
  );

  test.runIf(isEverything)('Ctrl-C in the middle of the demo stops everything', { timeout: 300_000 }, async () => {
    await prepareHome(home);
    const { child, output, exit, until: said } = await startEmbedded(environment(), ['--demo']);
    await said(/live +\d+ +SESSION_STARTED/);
    child.kill('SIGINT');
    expect([await exit, output()]).toEqual([0, expect.not.stringContaining('could not')]);
    await until('nothing is left running', () => commandsWith(home).length === 0);
  });

  test.runIf(isEverything)(
    'one Ctrl-C that arrives twice, from the terminal and through a wrapper, stops it cleanly all the same',
    {
      timeout: 300_000,
    },
    async () => {
      await prepareHome(home);
      const { child, exit } = await startEmbedded();
      child.kill('SIGINT');
      child.kill('SIGINT');
      expect(await exit).toBe(0);
      await until('nothing is left running', () => commandsWith(home).length === 0);
    },
  );

  test('a second start on one home, or on its database, says where the first is and ends', {
    timeout: 300_000,
  }, async () => {
    await prepareHome(home);
    const first = await startEmbedded();
    const elsewhere = { DATABASE_URL: await findRunning(home), JWT_SECRET: SECRET, PLEAROLL_HOME: join(home, 'other') };
    const others = await Promise.all([{}, elsewhere].map((changes) => program(EMBEDDED, environment(changes))));
    for (const second of others) {
      expect(await second.exit).toBe(1);
      expect(second.output()).toContain(first.url);
    }
  });

  test.runIf(isEverything)(
    'a second start on one database says who has it and ends; jobs and a start after it do not mind',
    {
      timeout: 300_000,
    },
    async () => {
      const database = await cloneDatabase();
      const env = environment({ DATABASE_URL: database.url, JWT_SECRET: SECRET });
      try {
        const first = await startEmbedded(env);
        const second = await program(EMBEDDED, { ...env, PLEAROLL_HOME: join(home, 'other') });
        expect(await second.exit).toBe(1);
        expect(second.output()).toMatch(`process ${first.child.pid} on host`);
        expect(second.output()).toContain(first.url);
        const apart = await program('jobs/worker.js', { ...env, REDIS_URL: 'redis://127.0.0.1:1', METRICS_PORT: '0' });
        expect(await apart.exit).toBe(1);
        expect(apart.output()).toContain('served by one process alone');
        const job = await program(PLEAROLL, env, ['job', 'verify.everything']);
        expect([await job.exit, job.output()]).toEqual([0, expect.stringContaining('"streams_invalid":0')]);
        first.child.kill('SIGKILL');
        await first.exit;
        const third = await startEmbedded(env);
        expect((await get(third.url, '/health', null)).body.healthy).toBe(true);
        await stop(third.child);
      } finally {
        await database.drop();
      }
    },
  );

  test.runIf(isEverything)(
    'a usual port in use gives way, a port asked for does not',
    { timeout: 300_000 },
    async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const refused = await program(EMBEDDED, environment({ PORT: String(port) }));
      expect(await refused.exit).toBe(1);
      expect(refused.output()).toContain(`port ${port} is in use`);
      taken.close();
      // Whether or not 3000 is free on this machine, one of these two must give way.
      const other = await mkdtemp(join(inject('home'), 'start-'));
      await Promise.all([prepareHome(home), prepareHome(other)]);
      const urls = await Promise.all([
        startEmbedded(environment({ PORT: '' })),
        startEmbedded(environment({ PORT: '', PLEAROLL_HOME: other })),
      ]);
      expect(new Set(urls.map(({ url }) => url)).size).toBe(2);
      for (const { url } of urls) expect((await fetch(`${url}/ready`)).status).toBe(200);
      await Promise.all(running.map(stop));
      await rm(other, { recursive: true, force: true });
    },
  );

  test('the demo plays a round with a live listener and prints the verdict', { timeout: 300_000 }, async () => {
    await prepareHome(home);
    const demo = await startEmbedded(environment({ LOG_LEVEL: 'info', JWT_SECRET: 'abc' }), ['--demo']);
    await demo.until(/The record is intact: \d+ events checked/);
    expect(demo.output()).not.toContain('"msg":"request"');
    expect(demo.output()).toMatch(/"setting":"JWT_SECRET".*secret can be guessed/);
    for (const type of ['TURN_STARTED', 'OBJECTION_RAISED', 'OBJECTION_RULED', 'TURN_ENDED', 'SESSION_COMPLETED']) {
      expect(demo.output()).toMatch(new RegExp(`live +\\d+ +${type}`));
    }
    expect(demo.output()).toContain('demo: a round of 4 matches, brought in from a spreadsheet');
    expect(demo.output().match(/^ {2}board {2}Courtroom \d {2}Team \d v\. Team \d: \w+$/gm)).toHaveLength(4);
    expect(demo.output()).toMatch(/the clock stands at \d+ ms/);
    expect((await fetch(`${demo.url}/ready`)).status).toBe(200);
  });

  const walkThrough = test.skipIf(inject('shells').length === 0);
  walkThrough('the walk-through of the README comes to a record that verifies', { timeout: 300_000 }, async () => {
    await prepareHome(home);
    const { url } = await startEmbedded();
    const readme = await readFile(join(dist, '../README.md'), 'utf8');
    const [, script] = /^## A walk-through$[\s\S]*?^```sh\n([\s\S]*?)^```$/m.exec(readme)!;
    // As it stands there, but for where it asks, and for building what is built.
    const lines = script!
      .replace('http://127.0.0.1:3000', url)
      .replace('npx --no-install plearoll', `node ${await entryOf(PLEAROLL)}`);
    for (const shell of someOf(inject('shells'))) {
      const { stdout } = await run(shell, ['-euc', lines], { env: environment() });
      expectWholeRound(stdout);
    }
  });

  walkThrough('what the walk-through is refused it shows as it is, and goes on with nothing', async () => {
    const readme = await readFile(join(dist, '../README.md'), 'utf8');
    const [field] = /^field\(\) [\s\S]*?"\$1"; }$/m.exec(readme)!;
    const problem = JSON.stringify({ code: 'forbidden', detail: 'Not you.', status: 403 });
    for (const shell of inject('shells')) {
      const refused = run(shell, ['-euc', `${field}\nID=$(echo '${problem}' | field result.id)\necho "went on"`]);
      await expect(refused).rejects.toMatchObject({ code: 1, stdout: '', stderr: 'forbidden: Not you.\n' });
    }
  });

  const onTerminal = test.skipIf(!isEverything || !chromium || spawnSync('script', ['--version']).status !== 0);
  onTerminal(
    'on a terminal it says how to look round, once: a browser gets a token and opens a session',
    {
      timeout: 300_000,
    },
    async () => {
      await prepareHome(home);
      const child = spawn('script', ['-qefc', `${process.execPath} ${await entryOf(PLEAROLL)} start`, '/dev/null'], {
        env: { ...environment({ LOG_LEVEL: 'info' }), NO_COLOR: '1', TERM: 'dumb' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.push(child);
      const { out } = hear(child);
      await until('it is ready', () => /^token: /m.test(out()));
      const [, url, path] = /^ready (http:\S+)\r?\nopen \1(\/#try=[\w-]{22})\r?$/m.exec(out())!;
      // For people, not for programs.
      await until('a line of the log', () => /^\[\d\d:\d\d:\d\d\] INFO: became leader/m.test(out()));
      expect(out()).not.toContain('"level"');
      const browser = await startBrowser();
      try {
        const page = await browser.newPage(800, 1_000);
        await page.open(url! + path!);
        await page.until(`document.getElementById('health').textContent === 'Everything runs.'`);
        await page.until(`!document.getElementById('given').hidden`);
        expect(await page.ask('location.href')).toBe(`${url}/`);
        await page.ask(`document.getElementById('open').click()`);
        await page.until(`!document.getElementById('opened').hidden`);
        await keepPicture('home', page.picture());
        const links = await page.ask(`[...document.querySelectorAll('#opened a')].map(({ href }) => href)`);
        expect(page.complaints).toEqual([]);
        for (const link of links) {
          const followed = await browser.newPage(1_000, 700);
          await followed.open(link);
          await followed.until(`document.getElementById('state').textContent === 'live'`);
          expect(await followed.ask(`document.getElementById('title').textContent`)).toBe(
            'Meridian v. Harbour Authority',
          );
        }
        const late = await browser.newPage(800, 1_000);
        await late.open(url! + path!);
        await late.until(`/was used/.test(document.getElementById('told').textContent)`);
      } finally {
        await browser.close();
      }
    },
  );

  test.runIf(isEverything)(
    'without a terminal no code is offered, and the log is JSON',
    { timeout: 300_000 },
    async () => {
      await prepareHome(home);
      const { url, output } = await startEmbedded(environment({ LOG_LEVEL: 'info' }));
      await until('a line of the log', () => /^\{"level":30,.*"became leader"\}$/m.test(output()));
      expect(output()).not.toContain('#try');
      expect((await fetch(`${url}/try`, { method: 'POST', headers: { origin: url } })).status).toBe(404);
    },
  );

  test('bad settings are all named, and nothing is started', async () => {
    const refused = await program(
      EMBEDDED,
      environment({ PORT: 'x', REDIS_URL: 'redis://localhost', DATABASE_URL: 'nonsense' }),
    );
    expect(await refused.exit).toBe(1);
    expect(refused.output()).toContain('PORT');
    expect(refused.output()).toContain('DATABASE_URL');
  });

  test('in production it refuses to make up a secret', async () => {
    const refused = await program(EMBEDDED, environment({ NODE_ENV: 'production' }));
    expect(await refused.exit).toBe(1);
    expect(refused.output()).toContain('JWT_SECRET');
  });
});

describe('plearoll token', () => {
  test('prints one token and nothing else, before the first start', async () => {
    const printed = await token('--role', 'judge', '--institution', INSTITUTION, '--name', 'N', '--ttl', '30m');
    expect(printed).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims = JSON.parse(Buffer.from(printed.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ role: 'judge', institution_id: INSTITUTION, name: 'N' });
    expect(claims.exp - Date.now() / 1_000).toBeGreaterThan(1_700);
  });

  test.each([
    [['--role', 'king', '--institution', INSTITUTION]],
    [['--role', 'judge']],
    [['--role', 'judge', '--institution', 'x']],
    [['--role', 'judge', '--institution', INSTITUTION, '--ttl', 'long']],
    [['--role', 'judge', '--institution', INSTITUTION, '--ttl', '367d']],
    [['--rule', 'judge']],
  ])('refuses %j with its usage', async (args) => {
    const terminal = openTerminal({ PLEAROLL_HOME: home });
    expect(await tokenCommand.run(args, terminal)).toBe(1);
    expect(terminal.complained()).toContain('usage:');
    expect(terminal.said()).toBe('');
  });
});
