import * as z from 'zod';
import type { Machine } from './machines.ts';

/** The parts of an object that everyone looks at. */
const object = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type KubeObject = z.infer<typeof object>;

/** The API server, as an administrator asks it by kubectl. */
export class Kubectl {
  readonly #machine: Machine;
  readonly #program: string;
  readonly #kubeconfig: string;

  constructor(machine: Machine, program: string, kubeconfig: string) {
    this.#machine = machine;
    this.#program = program;
    this.#kubeconfig = kubeconfig;
  }

  /** @throws CommandError with what kubectl complains about. */
  async run(args: readonly string[], input?: string): Promise<string> {
    const options = { env: { KUBECONFIG: this.#kubeconfig }, ...(input !== undefined && { input }) };
    return await this.#machine.run(this.#program, args, options);
  }

  /** Makes objects, or makes them so. */
  async apply(...objects: readonly unknown[]): Promise<void> {
    await this.run(['apply', '--filename=-'], objects.map((one) => JSON.stringify(one)).join('\n---\n'));
  }

  /** @param what such as `pvc` or `pods --all-namespaces`, in the words of `kubectl get`. */
  async list(...what: readonly string[]): Promise<readonly KubeObject[]> {
    const text = await this.run(['get', ...what, '--output=json']);
    return z.looseObject({ items: z.array(object) }).parse(JSON.parse(text)).items;
  }

  /** One field. @param path as JSONPath without its braces, such as `.status.phase`. */
  async field(kind: string, name: string, path: string, ...flags: readonly string[]): Promise<string> {
    return await this.run(['get', kind, name, `--output=jsonpath={${path}}`, ...flags]);
  }

  /** Waits for a condition. @param condition such as `condition=Ready`, `jsonpath={.status.phase}=Bound` or `delete`. */
  async wait(condition: string, what: readonly string[], seconds: number): Promise<void> {
    await this.run(['wait', `--for=${condition}`, ...what, `--timeout=${seconds}s`]);
  }
}
