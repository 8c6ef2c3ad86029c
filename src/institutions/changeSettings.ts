/** An admin sets something for the institution. What is not named stays as it is; what is as it was is not recorded again. */
import { defineCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { definedOf } from '../core/definitions/defined.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { insert, update } from '../core/definitions/write.ts';
import { institutionAnswer, institutionStream, type Settings, settingsSchema, theInstitution } from './institution.ts';

const body = settingsSchema.partial();

/** Its type begins with a word that was always kept free: an entry of the court's own may bear any other. */
export const settingsChanged = defineEvent({
  stream: institutionStream,
  type: 'PROCEDURAL_SETTINGS_CHANGED',
  payload: body,
  evolve: (institution, { at, payload }) => ({ ...institution, ...definedOf(payload), changed_at: at }),
  project({ sequence }, { id, ...settings }) {
    const write = sequence === 1 ? insert : update;
    return [write('institution_settings', { id }, { ...settings, changed_at: settings.changed_at! })];
  },
});

export const changeSettings = defineCommand({
  name: 'institution.settings',
  route: 'POST /api/institution/:institution_id/settings',
  summary: 'Set something for an institution; what is not named stays as it is',
  who: ADMINS,
  locks: ({ institution_id }) => [theInstitution(institution_id)],
  body,
  example: { time_zone: 'Europe/Berlin' },
  decide({ institution }, { input: { institution_id: _, ...wanted } }) {
    const changed = Object.entries(wanted).filter(([name, value]) => institution[name as keyof Settings] !== value);
    return changed.length === 0 ? [] : [settingsChanged(Object.fromEntries(changed))];
  },
  resource: institutionAnswer,
  result: ({ states: { institution } }) => institution,
  records: [settingsChanged],
  rejects: [],
});
