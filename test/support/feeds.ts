/** A feed of the specifications' institution, as its events make it. */
import { feedCreated } from '../../src/feeds/createFeed.ts';
import { INSTITUTION } from './matchFixture.ts';

export const created = feedCreated({
  ...{ provider: 'tabbycat', name: 'Harbour Moot', base_url: 'https://tab.example.org' },
  ...{ tournament: 'harbour2026', secret_ref: null, mapping: null, visibility: 'institution' },
  institution_id: INSTITUTION,
});
