/** A run as it is answered while it is under way, and when it is over. */
import { z } from 'zod';
import { at, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { planAnswer, syncAnswer } from './answer.ts';
import { RUN_KINDS } from './run.ts';

const LOCATION = `/api/feed/${EXAMPLE.event_id}/run/${EXAMPLE.command_id}`;

export const runUnderWay = named(
  'FeedRunUnderWay',
  z.strictObject({ run_id: uuid, status: z.literal('running'), location: text }),
  { run_id: EXAMPLE.command_id, status: 'running', location: LOCATION },
);

/** What it was asked for and came to. One that was refused is answered as its problem. */
export const runAnswer = named(
  'FeedRun',
  z.strictObject({
    run_id: uuid,
    kind: z.enum(RUN_KINDS),
    asked_at: at,
    finished_at: at,
    result: z.union([planAnswer, syncAnswer]),
  }),
  {
    ...{ run_id: EXAMPLE.command_id, kind: 'sync' as const, asked_at: EXAMPLE.now, finished_at: EXAMPLE.now },
    result: { rounds: 4, debates: 32, people: 128, change: [], left: [], last_sync: EXAMPLE.now },
  },
);
