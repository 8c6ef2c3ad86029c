/** Every answer that a test receives is one that its operation has: what is not ends the test as a failure. */
import type { z } from 'zod';
import { acceptedAnswer, appliedAnswer } from '../../src/http/commands/commandAnswers.ts';
import { aliveAnswer, healthAnswer, readyAnswer } from '../../src/http/operations/operationAnswers.ts';
import { problemAnswer } from '../../src/http/problemAnswer.ts';
import { routes } from '../../src/http/routes.ts';
import { commands } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';

interface Answered {
  status: number;
  headers: Headers;
  body: object;
}

/** By status; 2xx that has none of its own is that of 200. */
interface Operation {
  method: string;
  path: RegExp;
  answers: { 200?: z.ZodType | undefined; 202?: z.ZodType | undefined };
}

const HEALTH = { '/health': healthAnswer, '/ready': readyAnswer, '/livez': aliveAnswer };

/** Fixed paths first, as they are served. */
const operations: readonly Operation[] = [
  ...Object.entries(HEALTH).map(([path, answer]) => operation(`GET ${path}`, { 200: answer })),
  ...commands.map((one) => operation(one.route, { 200: appliedAnswer(one.resource), 202: acceptedAnswer })),
  ...queries.map(({ route, answer }) => operation(route, { 200: answer })),
  ...routes.map(({ route, answer, accepted }) => operation(route, { 200: answer, 202: accepted })),
].sort((one, other) => Number(isOpen(one)) - Number(isOpen(other)));

function operation(route: string, answers: Operation['answers']): Operation {
  const [method, path] = route.split(' ') as [string, string];
  return { method, path: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`), answers };
}

function isOpen({ path }: Operation): boolean {
  return path.source.includes('[^/]+');
}

/** Where nobody takes them, as outside of tests, there are no more than so many. */
const MOST = 100;
let faults: string[] = [];

export function checkAnswer(method: string, path: string, answer: Answered): void {
  for (const fault of answerFaults(method, path, answer).slice(0, MOST - faults.length)) {
    faults.push(
      `${method} ${path} answered ${answer.status}: ${fault} in ${JSON.stringify(answer.body).slice(0, 500)}`,
    );
  }
}

/** The faults of answers since the last call. */
export function takeAnswerFaults(): string[] {
  const taken = faults;
  faults = [];
  return taken;
}

export function answerFaults(method: string, target: string, { status, headers, body }: Answered): string[] {
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('application/problem+json')) return issuesOf(problemAnswer, body);
  if (!type.startsWith('application/json')) return [];
  const path = target.split('?')[0]!;
  const found = operations.find((one) => one.method === method && one.path.test(path));
  const schema = status === 202 ? found?.answers[202] : found?.answers[200];
  return schema ? issuesOf(schema, body) : [];
}

function issuesOf(schema: z.ZodType, body: unknown): string[] {
  return (schema.safeParse(body).error?.issues ?? []).map(({ path, message }) => `/${path.join('/')} ${message}`);
}
