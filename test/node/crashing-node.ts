/** A node in a process of its own that is killed at a host command of our choice. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Node } from '../../src/csi/gen/csi_pb.js';
import { type Client, createClient } from '../support/grpc-client.ts';
import { CLUSTER_ID } from '../support/stack.ts';
import { until } from '../support/until.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** Everything that the node runs. */
const PROGRAMS = [
  'mount',
  'umount',
  'blkid',
  'wipefs',
  'blockdev',
  'flock',
  'setpriv',
  'sh',
  'stat',
  'mkfs.ext4',
  'mkfs.xfs',
  'e2fsck',
  'resize2fs',
  'xfs_growfs',
];

/** Where the process dies: at the n-th command, counted from 1, before it does anything or after it has done it. */
export interface Death {
  readonly at: number;
  readonly when: 'before' | 'after';
}

const NEVER = '0 never\n';

/** Stands before every program in the PATH: notes it, and kills the node when its turn has come. */
function wrapper(directory: string, name: string, real: string): string {
  return `#!/bin/bash
echo ${name} >> ${directory}/commands
read -r at when < ${directory}/death
[ "$(/usr/bin/wc -l < ${directory}/commands)" = "$at" ] || exec ${real} "$@"
[ "$when" = before ] && { kill -9 "$(< ${directory}/pid)"; exit 1; }
${real} "$@"
status=$?
kill -9 "$(< ${directory}/pid)"
exit $status
`;
}

export interface RunningNode {
  readonly child: ChildProcess;
  readonly client: Client<typeof Node>;
}

/** Nodes, each in a process of its own; one is always ready. */
export class CrashingNodes {
  readonly #directory: string;
  readonly #flags: readonly string[];
  #started = 0;
  #spare: Promise<RunningNode>;

  /** @param flags of the node, without its endpoint and cluster */
  constructor(directory: string, flags: readonly string[]) {
    this.#directory = directory;
    this.#flags = flags;
    mkdirSync(join(directory, 'bin'), { recursive: true });
    for (const name of PROGRAMS) {
      const { stdout } = spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${name}`], {
        encoding: 'utf8',
      });
      writeFileSync(join(directory, 'bin', name), wrapper(directory, name, stdout.trim()));
      chmodSync(join(directory, 'bin', name), 0o755);
    }
    this.#write('death', NEVER);
    this.#spare = this.#start();
  }

  /** A node that has started; the next one starts meanwhile. */
  async take(): Promise<RunningNode> {
    const taken = await this.#spare;
    this.#spare = this.#start();
    return taken;
  }

  /** Puts a script in place of a program of the nodes. */
  replace(name: string, script: string): void {
    writeFileSync(join(this.#directory, 'bin', name), `#!/bin/bash\n${script}\n`);
  }

  /** Runs one call in a process of its own. @returns the commands that ran, and whether the process died of it */
  async run(
    call: (client: Client<typeof Node>) => Promise<unknown>,
    death: Death | undefined,
  ): Promise<{ readonly commands: readonly string[]; readonly died: boolean }> {
    const { child, client } = await this.take();
    this.#write('commands', '');
    this.#write('death', death === undefined ? NEVER : `${death.at} ${death.when}\n`);
    this.#write('pid', `${child.pid}\n`);
    const ended = once(child, 'exit');
    const failure = await call(client).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (death === undefined && failure !== undefined) throw failure;
    client.close();
    if (death === undefined) child.kill('SIGKILL');
    await ended;
    const commands = readFileSync(join(this.#directory, 'commands'), 'utf8').split('\n').filter(Boolean);
    return { commands, died: death !== undefined && commands.length >= death.at };
  }

  async stop(): Promise<void> {
    const { child, client } = await this.#spare;
    client.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async #start(): Promise<RunningNode> {
    this.#started += 1;
    const endpoint = `unix://${join(this.#directory, `${this.#started}.sock`)}`;
    const args = [MAIN, 'node', '--endpoint', endpoint, '--cluster-id', CLUSTER_ID, ...this.#flags];
    const env = { ...process.env, PATH: `${join(this.#directory, 'bin')}:${process.env['PATH']}` };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'ignore'] });
    const client = createClient(Node, endpoint);
    const answers = () =>
      client.nodeGetInfo({}).then(
        () => true,
        () => false,
      );
    await until(answers, 30_000);
    return { child, client };
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text);
  }
}
