/** An export as it is answered: what is known of a person, section by section, each from the oldest on. */
import { z } from 'zod';
import { at, count, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { KEPT, keptAnswer } from './kept.ts';

const place = z.strictObject({ kind: z.enum(['device', 'network']), id: text, first_seen: text, last_seen: text });
const location = z.strictObject({ latitude: z.number(), longitude: z.number(), first_seen: text, last_seen: text });

const login = z.strictObject({
  ...{ id: uuid, first_seen: at, last_seen: at, expires_at: at },
  /** Null where nobody asked for its end. */
  end_asked_at: at.nullable(),
  /** Where the person gave it: of another it is that one's words. */
  end_reason: text.nullable(),
  ended_at: at.nullable(),
  /** By hashes that name neither. */
  places: z.array(place),
  /** To ten kilometres. */
  locations: z.array(location),
});
const stepUp = z.strictObject({
  ...{ login_id: uuid, asked_at: at, asked_for: text, asked_by: text },
  ...{ confirmed_at: at.nullable(), confirmed_in: uuid.nullable() },
  ...{ confirmed_device: text.nullable(), confirmed_network: text.nullable() },
});
const card = z.strictObject({ name: text.nullable(), email: text.nullable(), phone: text.nullable(), put_at: at });
const notice = z.strictObject({ id: uuid, kind: text, text, created_at: at, read_at: at.nullable() });
const hour = count.max(23).nullable();
const flag = z.boolean();
const preferences = z.strictObject({
  ...{ start: flag, ruling: flag, result: flag, room: flag, device: flag },
  ...{ quiet_from: hour, quiet_to: hour, changed_at: at },
});
const follow = z.strictObject({ subject: text, followed_at: at, ended_at: at.nullable() });
const consent = z.strictObject({
  ...{ given: flag, own: flag.nullable(), guardian: flag.nullable() },
  ...{ decided_at: at, withdrawn_at: at.nullable() },
});
const risk = z.strictObject({ login_id: uuid, assessed_at: at, risk: z.looseObject({}) });
const model = z.strictObject({ is_active: flag, trained_at: at, sessions: count, baseline: z.looseObject({}) });
const batch = z.strictObject({
  ...{ login_id: uuid, started_at: at, received_at: at, points: count },
  behaviour: z.looseObject({}),
});
const decision = z.strictObject({
  ...{ slot: at, command: text, role: text, confidence: count.max(100), stepped_up: flag },
  ...{ hour: count.max(23), accepted: flag, count },
});
const outcome = z.strictObject({
  ...{ slot: at, policy_id: uuid, version: count, command: text, outcome: text, lacks: text, count },
});
const erasure = z.strictObject({ id: uuid, asked_at: at, done_at: at.nullable() });

export const exportAnswer = named(
  'PrivacyExport',
  z.strictObject({
    user_id: uuid,
    /** What is in the record, or stays for another reason. */
    kept: keptAnswer,
    ...{
      login_sessions: z.array(login),
      step_ups: z.array(stepUp),
      contact_cards: z.array(card),
      notices: z.array(notice),
    },
    ...{ notice_preferences: z.array(preferences), follows: z.array(follow), telemetry_consents: z.array(consent) },
    ...{ telemetry_risks: z.array(risk), telemetry_models: z.array(model), telemetry_batches: z.array(batch) },
    ...{ policy_decisions: z.array(decision), policy_outcomes: z.array(outcome), erasures: z.array(erasure) },
  }),
  {
    ...{
      user_id: EXAMPLE.user_id,
      kept: KEPT.slice(0, 1),
      login_sessions: [],
      step_ups: [],
      notices: [],
      notice_preferences: [],
    },
    contact_cards: [{ name: 'A. Clerk', email: 'clerk@example.org', phone: null, put_at: EXAMPLE.created_at }],
    follows: [{ subject: 'team:Harbour A', followed_at: EXAMPLE.created_at, ended_at: null }],
    ...{ telemetry_consents: [], telemetry_risks: [], telemetry_models: [], telemetry_batches: [] },
    ...{ policy_decisions: [], policy_outcomes: [], erasures: [] },
  },
);
