import assert from 'node:assert/strict';
import type { Replicator } from '../../../src/storage/replication/replicator.ts';
import { MiB, makeSnapshot, makeVolume, outcome, volumeName } from '../../support/calls.ts';
import { change, look } from '../../support/console.ts';
import { pattern, readAll, write } from '../../support/images.ts';
import type { ReplicaStack } from '../../support/replica-pair.ts';
import { fromSnapshot, volumeRequest } from '../../support/requests.ts';
import { until } from '../../support/until.ts';
import type { Command, Side } from './commands.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const FAR = { parameters: { backend: 'rds2', pool: 'copies' } };
const BYTES = MiB;
const PATIENCE_MS = 20_000;

const COPIES =
  ':foreach i in=[/disk/btrfs/subvolume find where fs=copies and read-only=yes and received-uuid~"[1-9a-f]"] do={:put [/disk/btrfs/subvolume get $i name]}';

/** Everything that was taken of one number, whatever has become of it. */
interface Taken {
  readonly id: string;
  /** What the volume held then. */
  readonly content: Buffer;
  /** Whether it is on the first RDS. */
  isThere: boolean;
  /** Whether a whole copy was seen on the second one, and not deleted since then. */
  isCopied: boolean;
}

/** One way of a script through the driver with two RDS, of which every answer and both RDS are held against what must be. */
export class ReplicaRun {
  readonly #stack: ReplicaStack;
  readonly #replicator: Replicator;
  readonly #volumes = new Map<number, string>();
  /** By the number that a script uses for the last one. */
  readonly #snapshots = new Map<number, Taken>();
  /** All of them. */
  readonly #taken: Taken[] = [];
  readonly #restored: string[] = [];
  #isAway = false;

  /** @param replicator One by whose clock so much time passes that what failed is sent again. */
  constructor(stack: ReplicaStack, replicator: Replicator) {
    this.#stack = stack;
    this.#replicator = replicator;
  }

  /** @throws Error that says what cannot be right. */
  async script(commands: readonly Command[]): Promise<void> {
    for (const [index, command] of commands.entries()) {
      try {
        await this.#perform(command);
        await this.#compare();
      } catch (error) {
        throw new Error(`at command ${index + 1}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
    await this.#end();
  }

  async #perform(command: Command): Promise<void> {
    const { controller, simulator } = this.#stack;
    switch (command.do) {
      case 'create':
        if (this.#volumes.has(command.volume) || this.#isAway) return;
        this.#volumes.set(command.volume, await makeVolume(controller, BYTES, NEAR));
        return;
      case 'write': {
        const id = this.#volumes.get(command.volume);
        if (id !== undefined && !this.#isAway) await write(this.#stack, id, 0, pattern(`${command.seed}`, 64 * 1024));
        return;
      }
      case 'snapshot':
        return await this.#take(command.snapshot, this.#volumes.get(command.volume));
      case 'delete':
        return await this.#delete(command.volume);
      case 'drop':
        return await this.#drop(this.#snapshots.get(command.snapshot));
      case 'drop copy':
        return await this.#dropCopy(this.#snapshots.get(command.snapshot));
      case 'restore':
        return await this.#restore(this.#snapshots.get(command.snapshot), command.by === 'its id');
      case 'pass':
        return await this.#pass();
      case 'away':
      case 'back':
        this.#isAway = command.do === 'away';
        simulator.faults.setPool({ pool: 'pool', mounted: !this.#isAway });
        return;
      case 'cut': {
        const at = { path: '/disk/btrfs/transfer', command: 'receive', nth: command.nth };
        this.#stack.far.faults.arm({ kind: 'drop', at, when: 'before', scriptRunsOn: false });
        return;
      }
      case 'restart':
        return await this.#restart(command.side);
    }
  }

  async #take(number: number, volumeId: string | undefined): Promise<void> {
    if (volumeId === undefined || this.#isAway || this.#snapshots.get(number)?.isThere === true) return;
    const content = await readAll(this.#stack, volumeId);
    const id = await makeSnapshot(this.#stack.controller, volumeId);
    const taken: Taken = { id, content, isThere: true, isCopied: false };
    this.#snapshots.set(number, taken);
    this.#taken.push(taken);
  }

  async #delete(number: number): Promise<void> {
    const volumeId = this.#volumes.get(number);
    if (volumeId === undefined) return;
    const code = await outcome(this.#stack.controller.deleteVolume({ volumeId }));
    assert.equal(code, this.#isAway ? 'UNAVAILABLE' : 'OK', `deleting ${volumeId}`);
    if (code === 'OK') this.#volumes.delete(number);
  }

  /** What is being sent may be protected: then it is there until it has arrived. */
  async #drop(taken: Taken | undefined): Promise<void> {
    if (taken === undefined) return;
    const code = await outcome(this.#stack.controller.deleteSnapshot({ snapshotId: taken.id }));
    if (this.#isAway) assert.equal(code, 'UNAVAILABLE', `deleting ${taken.id}`);
    else if (code === 'OK') taken.isThere = false;
    else assert.ok(taken.isThere && (await this.#stack.transfers()) !== '', `deleting ${taken.id}: ${code}`);
  }

  async #dropCopy(taken: Taken | undefined): Promise<void> {
    if (taken === undefined) return;
    await this.#rest();
    await this.#stack.controller.deleteSnapshot({ snapshotId: copyId(taken) });
    taken.isCopied = false;
    assert.ok(!(await this.#copies()).includes(objectOf(taken.id)), `the copy of ${taken.id} is there`);
  }

  async #restore(taken: Taken | undefined, byItsId: boolean): Promise<void> {
    if (taken === undefined) return;
    await this.#rest();
    const hasCopy = (await this.#copies()).includes(objectOf(taken.id));
    const source = byItsId ? taken.id : copyId(taken);
    const call = this.#stack.controller.createVolume(
      volumeRequest(volumeName(), BYTES, { ...fromSnapshot(source), ...FAR }),
    );
    const code = await outcome(call);
    const expected = hasCopy
      ? ['OK']
      : !byItsId
        ? ['NOT_FOUND']
        : this.#isAway
          ? ['UNAVAILABLE']
          : taken.isThere
            ? ['OK', 'ABORTED', 'UNAVAILABLE', 'FAILED_PRECONDITION']
            : ['NOT_FOUND'];
    const detail = await call.then(
      () => '',
      ({ details }: { details?: string }) => details,
    );
    assert.ok(expected.includes(code), `a restore from ${source} ended with ${code}, not ${expected}: ${detail}`);
    if (code !== 'OK') return;
    const { volume } = await call;
    assert.ok(volume);
    this.#restored.push(volume.volumeId);
    const { far, farApi } = this.#stack;
    const restored = await readAll({ simulator: far, api: farApi }, volume.volumeId);
    assert.ok(restored.equals(taken.content), `${volume.volumeId} holds something else than ${taken.id}`);
  }

  async #pass(): Promise<void> {
    const passing = this.#replicator.pass({ signal: AbortSignal.timeout(PATIENCE_MS) });
    if (this.#isAway) await assert.rejects(passing);
    else await passing;
  }

  async #restart(side: Side): Promise<void> {
    await (side === 'near' ? this.#stack.simulator : this.#stack.far).restart();
    if (this.#isAway) this.#stack.simulator.faults.setPool({ pool: 'pool', mounted: false });
    const places = [FAR, ...(this.#isAway ? [] : [NEAR])];
    await until(async () => {
      const codes = await Promise.all(
        places.map(({ parameters }) => outcome(this.#stack.controller.getCapacity({ parameters }))),
      );
      return codes.every((code) => code === 'OK');
    }, PATIENCE_MS);
    // One that makes copies has a connection of its own.
    if (!this.#isAway)
      await until(
        async () =>
          await this.#pass().then(
            () => true,
            () => false,
          ),
        PATIENCE_MS,
      );
  }

  /** Waits until nothing is being sent. */
  async #rest(): Promise<void> {
    await until(async () => !/ (in progress|waiting)$/m.test(await this.#stack.transfers()), PATIENCE_MS);
  }

  /** What the second RDS shows as whole, as `snap-<uuid>` each. */
  async #copies(): Promise<string[]> {
    return (await look(this.#stack.far, COPIES)).split('\n').flatMap((name) => objectIn(name) ?? []);
  }

  /** Both RDS against what must be: nothing lost, nothing that no one knows. */
  async #compare(): Promise<void> {
    await this.#rest();
    const there = [...this.#volumes.values(), ...this.#taken.filter(({ isThere }) => isThere).map(({ id }) => id)];
    assert.deepEqual(this.#objectsOn('near'), there.map(objectOf).toSorted(), 'on the first RDS');
    const copies = await this.#copies();
    assert.equal(new Set(copies).size, copies.length, 'a copy is there twice');
    const known = new Map(this.#taken.map((taken) => [objectOf(taken.id), taken]));
    assert.deepEqual(
      copies.filter((name) => !known.has(name)),
      [],
      'copies of nothing',
    );
    for (const [name, taken] of known) {
      if (taken.isCopied) assert.ok(copies.includes(name), `the copy of ${taken.id} is gone`);
      taken.isCopied = copies.includes(name);
    }
    const others = this.#objectsOn('far').filter((name) => !known.has(name));
    assert.deepEqual(others, this.#restored.map(objectOf).toSorted(), 'on the second RDS');
  }

  #objectsOn(side: Side): string[] {
    const { device } = side === 'near' ? this.#stack.simulator : this.#stack.far;
    return device
      .pools()
      .flatMap(({ subvolumes }) => subvolumes)
      .flatMap((name) => objectIn(name) ?? [])
      .toSorted();
  }

  /** Each snapshot gets its copy; each copy is restored while the first RDS is away; then all is deleted, and nothing is left. */
  async #end(): Promise<void> {
    const { simulator, far, controller } = this.#stack;
    for (const armed of [...simulator.faults.armed, ...far.faults.armed]) armed.disarm();
    // While the first RDS is away, what has no copy is not said to be gone.
    await this.#perform({ do: 'away' });
    await this.#restore(
      this.#taken.find(({ isThere, isCopied }) => isThere && !isCopied),
      true,
    );
    await this.#perform({ do: 'back' });
    await until(async () => {
      const { missing, sending } = await this.#replicator.pass({ signal: AbortSignal.timeout(PATIENCE_MS) });
      return missing.length === 0 && sending === undefined;
    }, PATIENCE_MS);
    await this.#compare();
    for (const { id, isThere, isCopied } of this.#taken) assert.ok(isCopied || !isThere, `${id} has no copy`);
    await this.#perform({ do: 'away' });
    for (const taken of this.#taken) if (taken.isCopied) await this.#restore(taken, true);
    await this.#perform({ do: 'back' });

    for (const [index, taken] of this.#taken.entries()) {
      const ids = [taken.id, copyId(taken)];
      for (const snapshotId of index % 2 === 0 ? ids : ids.toReversed())
        await controller.deleteSnapshot({ snapshotId });
      Object.assign(taken, { isThere: false, isCopied: false });
    }
    for (const volumeId of [...this.#restored.splice(0), ...this.#volumes.values()])
      await controller.deleteVolume({ volumeId });
    this.#volumes.clear();
    await this.#compare();
    assert.equal(await this.#stack.transfers(), '', 'rows of transfers are left');
    // Halves of what was deleted before it was sent again are someone else's to remove.
    for (const path of far.device.pools()[0]?.subvolumes ?? []) {
      if (objectIn(path) === undefined) continue;
      await change(far, `/disk/btrfs/subvolume remove [find where fs=copies and fullname="${path}"]`);
    }
  }
}

function copyId({ id }: Pick<Taken, 'id'>): string {
  return id.replace('rds1:', 'rds2:');
}

/** `snap-<uuid>` or `pvc-<uuid>` of an id. */
function objectOf(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

/** The same in a name, or in a path to it. */
function objectIn(name: string): string | undefined {
  return /(?:^|\/)((?:pvc|snap)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/.exec(name.trim())?.[1];
}
