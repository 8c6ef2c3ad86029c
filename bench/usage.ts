/** Processor time by group of processes, read from /proc: each group is a process with everything it has started. */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of user and system time. */
export type Usage = Record<string, number>;

interface Entry {
  pid: number;
  parent: number;
  name: string;
  /** Its own, and that of its children that have ended and been reaped. */
  used_us: number;
}

const TICK_US = 10_000;

/** @param roots the first process of each group; `machine` is added: all that any process of this machine used */
export function readUsage(roots: Record<string, number>): Usage {
  const entries = readEntries();
  const usage: Usage = { machine: readMachine() };
  for (const [group, root] of Object.entries(roots)) usage[group] = usedByTree(entries, root);
  return usage;
}

/** The one process of this name that we have started ourselves. */
export function findChild(...names: string[]): number {
  const child = readEntries().find(({ parent, name }) => parent === process.pid && names.includes(name));
  if (!child) throw new Error(`no process named ${names.join(' or ')} was started by this one`);
  return child.pid;
}

/** Resident memory of a process. */
export function mibOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
}

/** Of a process with everything it has started. */
export function mibOfTree(root: number): number {
  return [...treeOf(readEntries(), root)].reduce((sum, pid) => sum + mibOf(pid), 0);
}

function usedByTree(entries: Entry[], root: number): number {
  const members = treeOf(entries, root);
  return entries.reduce((sum, { pid, used_us }) => (members.has(pid) ? sum + used_us : sum), 0);
}

function treeOf(entries: Entry[], root: number): Set<number> {
  const members = new Set([root]);
  for (let size = 0; size < members.size; ) {
    size = members.size;
    for (const { pid, parent } of entries) if (members.has(parent)) members.add(pid);
  }
  return members;
}

function readEntries(): Entry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
      } catch {
        return [];
      }
    });
}

/** proc(5): the name stands in parentheses and may hold any character; utime, stime, cutime, cstime are fields 14 to 17. */
function parseStat(stat: string): Entry {
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const name = stat.slice(stat.indexOf('(') + 1, end);
  return { pid: Number.parseInt(stat, 10), parent: Number(fields[1]), name, used_us: ticks * TICK_US };
}

/** The first line of /proc/stat without idle and waiting time. */
function readMachine(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/ +/)
    .slice(1);
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_US;
}
