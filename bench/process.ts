import { readFile } from 'node:fs/promises';

/**
 * A figure from `/proc/<pid>/status`, in MB of 10^6 bytes: `VmRSS` is what is resident now, `VmHWM` the most there was.
 *
 * @throws Error when the process is gone or the system is not Linux.
 */
export async function memoryMb(pid: number, figure: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = new RegExp(`^${figure}:\\s+([0-9]+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`no ${figure} in the status of process ${pid}`);
  return (Number(kibibytes) * 1024) / 1e6;
}

/**
 * Processor time of a process and its threads since it started, in ms; Linux counts it in hundredths of a second.
 *
 * @throws Error when the process is gone or the system is not Linux.
 */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in brackets before these, and may have spaces in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
