/** `plearoll settings`: every setting with its default and what it does. `npm run settings` writes docs/settings.md anew. */
import { writeFile } from 'node:fs/promises';
import { settingsPage } from '../infra/process/settingsPage.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';

export const settings = defineSubcommand({
  name: 'settings',
  summary: 'Prints every setting with its default, the processes that read it and what it does.',
  options: { write: { type: 'string', value: '<file>', help: 'writes the page there' } },
  exits: { 0: 'done', 3: 'usage' },
  async run({ write }, _, { out }) {
    if (write === undefined) out.write(settingsPage());
    else await writeFile(write, settingsPage());
    return 0;
  },
});
