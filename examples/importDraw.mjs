/**
 * A draw from a spreadsheet: every line of a CSV file becomes an assignment. Names stand for people, who have ids in a
 * second file. All lines are checked before the first is sent, and each is sent under a key of its own: what is run a
 * second time, after a mistake was mended or a connection was lost, makes nothing twice.
 *
 *     PLEAROLL_TOKEN=<of an admin> node examples/importDraw.mjs draw.csv people.csv [http://127.0.0.1:3000]
 *
 * Columns of the draw: title, courtroom, scheduled_at, petitioner, respondent, panel, visibility, and format where it is
 * named; several people are separated by semicolons, and the first of the panel presides. Ends with 0 where every match stands.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const SIDES = ['petitioner', 'respondent', 'panel'];

const [drawFile, peopleFile, url = 'http://127.0.0.1:3000'] = process.argv.slice(2);
const token = process.env.PLEAROLL_TOKEN;
if (!drawFile || !peopleFile || !token) {
  console.error('usage: PLEAROLL_TOKEN=<token> node examples/importDraw.mjs <draw.csv> <people.csv> [url]');
  process.exit(2);
}
const people = new Map(readTable(await readFile(peopleFile, 'utf8')).map(({ name, user_id }) => [name, user_id]));
const matches = readTable(await readFile(drawFile, 'utf8')).map((row) => ({ row, body: matchOf(row) }));
const strangers = matches.flatMap(({ row, body }) =>
  SIDES.flatMap((side) =>
    body[side].filter(({ user_id }) => !user_id).map(({ name }) => `line ${row.line}: ${name} is not in ${peopleFile}`),
  ),
);
if (strangers.length > 0) {
  console.error(`${strangers.join('\n')}\nNothing was sent.`);
  process.exit(1);
}

let refused = 0;
for (const { row, body } of matches) {
  const { ok, answer } = await create(body);
  if (ok) console.log(`line ${row.line}: ${body.title}: ${answer.result.id}`);
  for (const { code } of answer.result?.warnings ?? []) console.log(`line ${row.line}: note: ${code}`);
  if (ok) continue;
  refused += 1;
  const faults = (answer.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`);
  console.error(`line ${row.line}: ${body.title}: refused: ${[answer.detail, ...faults].join(' ')}`);
}
console.log(`${matches.length - refused} of ${matches.length} matches stand.`);
process.exitCode = refused === 0 ? 0 : 1;

/** A limit is waited out, as the answer says. */
async function create(body) {
  const text = JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': createHash('sha256').update(text).digest('hex'),
  };
  for (;;) {
    const response = await fetch(`${url}/api/assignment/create`, { method: 'POST', headers, body: text });
    const answer = await response.json();
    if (response.status !== 429 && response.status !== 503) return { ok: response.ok, answer };
    const seconds = Number(response.headers.get('retry-after') ?? 1);
    console.error(`${answer.detail} Going on in ${seconds} s.`);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  }
}

function matchOf(row) {
  const match = { title: row.title, courtroom: row.courtroom, visibility: row.visibility };
  for (const side of SIDES) {
    const names = row[side].split(';').map((name) => name.trim());
    match[side] = names.filter(Boolean).map((name) => ({ user_id: people.get(name), name }));
  }
  if (row.format) match.format = row.format;
  // Zones of a spreadsheet are kept for people; the record's times are UTC.
  return { ...match, scheduled_at: instantOf(row) };
}

function instantOf({ line, scheduled_at }) {
  if (/T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(scheduled_at)) return new Date(scheduled_at).toISOString();
  console.error(`line ${line}: ${scheduled_at} needs a zone, as in 2027-03-01T09:30+01:00`);
  process.exit(1);
}

/** RFC 4180: cells in quotes may hold commas, line breaks and doubled quotes. The first line names the columns. */
function readTable(text) {
  const rows = [[]];
  const lines = [1];
  let line = 1;
  for (const [, quoted, plain, end] of text
    .replace(/^\uFEFF/, '')
    .matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    const cell = quoted?.replaceAll('""', '"') ?? plain;
    rows.at(-1).push(cell.trim());
    line += (quoted?.split('\n').length ?? 1) - 1;
    if (end === ',') continue;
    line += 1;
    rows.push([]);
    lines.push(line);
  }
  const [columns, ...filled] = rows
    .map((cells, i) => ({ cells, line: lines[i] }))
    .filter(({ cells }) => cells.join('') !== '');
  return filled.map(({ cells, line }) => ({
    line,
    ...Object.fromEntries(columns.cells.map((column, i) => [column, cells[i] ?? ''])),
  }));
}
