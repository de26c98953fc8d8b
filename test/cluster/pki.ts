import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answer } from './commands.ts';
import { type Machine, SERVICE_ADDRESS } from './machines.ts';

const DAYS = '30';

/** Keys and certificates of the cluster, and the kubeconfig of everyone who talks to the API server. */
export class Pki {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** `NAME.crt`, `NAME.key`, of `ca`, `apiserver`, `kubelet-n1` and so on; `sa.key`, `sa.pub` for ServiceAccounts. */
  file(name: string): string {
    return join(this.#directory, name);
  }

  /** Of `admin`, `controller-manager`, `scheduler`, `kubelet-n1` and so on. */
  kubeconfig(name: string): string {
    return this.file(`${name}.conf`);
  }

  async make(machines: readonly Machine[]): Promise<void> {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    await this.#openssl('req', '-x509', ...newKey('ca'), '-days', DAYS, '-subj', '/CN=ca', '-out', 'ca.crt');
    await this.#openssl('genrsa', '-out', 'sa.key', '2048');
    await this.#openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub');
    const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'].map(
      (one) => `DNS:${one}`,
    );
    const addresses = ['127.0.0.1', SERVICE_ADDRESS, ...machines.map(({ address }) => address)];
    await this.#certify('apiserver', '/CN=kube-apiserver', [...names, ...addresses.map((one) => `IP:${one}`)]);
    await this.#certify('apiserver-kubelet', '/O=system:masters/CN=kube-apiserver-kubelet-client');
    const users = [
      ['admin', '/O=system:masters/CN=admin'],
      ['controller-manager', '/CN=system:kube-controller-manager'],
      ['scheduler', '/CN=system:kube-scheduler'],
    ] as const;
    for (const [name, subject] of users) await this.#user(name, subject);
    for (const { name, address } of machines) {
      await this.#user(`kubelet-${name}`, `/O=system:nodes/CN=system:node:${name}`, [`DNS:${name}`, `IP:${address}`]);
    }
  }

  async #user(name: string, subject: string, alternatives?: readonly string[]): Promise<void> {
    await this.#certify(name, subject, alternatives);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'rose-csi-test',
      clusters: [
        {
          name: 'rose-csi-test',
          cluster: { server: `https://${SERVICE_ADDRESS}:443`, 'certificate-authority': this.file('ca.crt') },
        },
      ],
      users: [
        { name, user: { 'client-certificate': this.file(`${name}.crt`), 'client-key': this.file(`${name}.key`) } },
      ],
      contexts: [{ name: 'rose-csi-test', context: { cluster: 'rose-csi-test', user: name } }],
    };
    // JSON is YAML.
    writeFileSync(this.kubeconfig(name), JSON.stringify(config), { mode: 0o600 });
  }

  async #certify(name: string, subject: string, alternatives: readonly string[] = []): Promise<void> {
    const extensions = [
      'keyUsage=digitalSignature,keyEncipherment',
      'extendedKeyUsage=clientAuth,serverAuth',
      ...(alternatives.length > 0 ? [`subjectAltName=${alternatives.join(',')}`] : []),
    ];
    writeFileSync(this.file(`${name}.ext`), `${extensions.join('\n')}\n`);
    await this.#openssl('req', ...newKey(name), '-subj', subject, '-out', `${name}.csr`);
    await this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      DAYS,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    await answer('openssl', args, { cwd: this.#directory });
  }
}

function newKey(name: string): readonly string[] {
  return ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`];
}
