/** `npm run settings`: writes docs/settings.md anew. */
import { writeFile } from 'node:fs/promises';
import { settingsPage } from '../infra/process/settingsPage.ts';

await writeFile('docs/settings.md', settingsPage());
