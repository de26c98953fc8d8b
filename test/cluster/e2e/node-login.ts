import { once } from 'node:events';
import { join } from 'node:path';
import ssh2, { type Connection, type Session } from 'ssh2';
import { isAuthorised, parseAuthorizedKeys } from '../../../src/simulator/ssh/authorized-keys.ts';
import { generateKey } from '../../support/keys.ts';
import { CommandError } from '../commands.ts';
import type { KubernetesNode } from '../node.ts';

/** What the suite wants of a kubelet, in the words of systemd, which the nodes do not have. */
const KUBELET = /^systemctl (start|stop|show) kubelet\b/;
/** It wants to be root in this way when it can. It is root. */
const SUDO = /^sudo /;

interface Answer {
  readonly status: number;
  readonly output: string;
  readonly complaints: string;
}

/** SSH to a node, where the disruptive specs stop the kubelet and look for mounts. This process answers. */
export class NodeLogin {
  readonly #node: KubernetesNode;
  readonly #server: ssh2.Server;
  readonly #connections = new Set<Connection>();

  private constructor(node: KubernetesNode, publicKey: string) {
    this.#node = node;
    const keys = parseAuthorizedKeys(publicKey);
    this.#server = new ssh2.Server({ hostKeys: [generateKey().privateKey] }, (connection) => {
      this.#connections.add(connection);
      connection.on('error', () => undefined);
      connection.on('close', () => this.#connections.delete(connection));
      connection.on('authentication', (context) => {
        if (context.method === 'publickey' && isAuthorised(keys, context)) context.accept();
        else context.reject(['publickey']);
      });
      connection.on('session', (accept) => this.#serve(accept()));
    });
  }

  /** @param publicKey of the one who may log in. */
  static async open(node: KubernetesNode, publicKey: string): Promise<NodeLogin> {
    const login = new NodeLogin(node, publicKey);
    const { machine } = node;
    // The machine has a network of its own, and the files of this one.
    const socket = join(machine.directory, 'ssh.sock');
    login.#server.listen(socket);
    await once(login.#server, 'listening');
    machine.start('ssh', 'socat', [`TCP-LISTEN:22,bind=${machine.address},fork,reuseaddr`, `UNIX-CONNECT:${socket}`]);
    return login;
  }

  async close(): Promise<void> {
    await this.#node.machine.stop('ssh');
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.end();
    await closed;
  }

  #serve(session: Session): void {
    session.on('exec', (accept, _reject, { command }) => {
      const channel = accept();
      this.#run(command)
        .then(({ status, output, complaints }) => {
          channel.write(output);
          channel.stderr.write(complaints);
          channel.exit(status);
          channel.end();
        })
        // Whoever asked has gone.
        .catch(() => undefined);
    });
  }

  async #run(command: string): Promise<Answer> {
    try {
      return { status: 0, output: await this.#outputOf(command.replace(SUDO, '')), complaints: '' };
    } catch (error) {
      if (!(error instanceof CommandError)) return { status: 1, output: '', complaints: String(error) };
      return { status: error.status ?? 1, output: '', complaints: error.complaints };
    }
  }

  async #outputOf(command: string): Promise<string> {
    const verb = KUBELET.exec(command)?.[1];
    if (verb === 'show') return this.#node.machine.isRunning('kubelet') ? 'active\n' : 'inactive\n';
    if (verb === 'stop') await this.#node.machine.stop('kubelet');
    else if (verb === 'start') this.#node.startKubelet();
    // What is left of the question whether there is a sudo.
    else if (command !== '--version') return await this.#node.machine.run('sh', ['-c', command]);
    return '';
  }
}
