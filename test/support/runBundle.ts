/**
 * Runs a program that is one file as it was compiled for the process before: to compile it again takes half of what a process
 * needs to be ready. V8 looks at the flags and the length of the source, and compiles anew where either has changed.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';

/** By then a process has called most of what it ever calls. */
const KEEP_AFTER_MS = 1_000;

/** @param file in the form of CommonJS: a module's compiled code cannot be given to Node 20 */
export function runBundle(file: string): void {
  const compiled = `${file}.${process.execArgv.length}.compiled`;
  const cachedData = existsSync(compiled) ? readFileSync(compiled) : undefined;
  const source = `(function (exports, require, module, __filename, __dirname) { 'use strict'; ${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData && { cachedData }),
  });
  if (!cachedData) {
    const keep = () => keepCompiled(script, compiled);
    setTimeout(keep, KEEP_AFTER_MS).unref();
    process.once('exit', keep);
  }
  const module = { exports: {} };
  const require = Object.assign(createRequire(file), { main: module });
  script.runInThisContext()(module.exports, require, module, file, dirname(file));
}

function keepCompiled(script: Script, compiled: string): void {
  if (existsSync(compiled)) return;
  const draft = `${compiled}.${process.pid}`;
  try {
    writeFileSync(draft, script.createCachedData());
    renameSync(draft, compiled);
  } catch {
    // The run is over, and its folder gone with it.
  }
}
