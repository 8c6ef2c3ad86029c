/** Appends to a file, in a folder that is made where there is none: on the disk when it resolves. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function appendDurably(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const out = await open(file, 'a');
  try {
    await out.appendFile(text);
    await out.sync();
  } finally {
    await out.close();
  }
}
