import assert from 'node:assert/strict';
import { until } from '../../support/until.ts';
import type { Arena } from './arena.ts';
import { type Batch, type Command, type Moment, printCommand, type Script, type Sent, targetOf } from './commands.ts';
import type { Done } from './done.ts';
import { checkLists, explain } from './explain.ts';
import { objectsOfLate } from './late-writes.ts';
import { Lates } from './lates.ts';
import { isOpen } from './outcome.ts';
import { perform } from './perform.ts';
import { assertEmpty, clearRds, lookAt, neighbours, type RdsView } from './rds.ts';
import { objectsIn, reconcile } from './reconcile.ts';
import { Unexplained } from './unexplained.ts';
import { NOTHING, printWorld, type World } from './world.ts';

/** Longest time in ms that a script stands still which goes on by itself, and some more. */
const STANDING_MS = 10_000;

/** One way of a script through the driver, held against the model. */
export class Run {
  readonly #arena: Arena;
  readonly #number: number;
  #world: World = NOTHING;
  /** Calls whose outcome is not known, by their print. */
  readonly #pending = new Map<string, Sent>();
  /** Objects of which a race that was disturbed may have left a second subvolume. */
  readonly #disturbed = new Set<string>();
  /** Scripts that stand still. */
  readonly lates: Lates;
  /** Which process has changed which object in earlier batches. */
  readonly #touched = new Set<string>();
  /** Commands that were run. */
  commands = 0;

  /** @param number makes the names of this run's objects. */
  constructor(arena: Arena, number: number) {
    this.#arena = arena;
    this.#number = number;
    this.lates = new Lates(number);
  }

  /**
   * Runs a script on an empty RDS, then settles what is open, compares every byte and deletes everything.
   *
   * @throws Error that says what cannot be right.
   */
  async script({ batches, destructive }: Script): Promise<void> {
    this.#arena.beDestructive(destructive);
    const before = await neighbours(this.#arena);
    for (const [index, batch] of batches.entries()) {
      await this.#named(`in batch ${index + 1}`, async () => {
        this.#arena.releases.beginBatch();
        await this.#batch(batch, async () => this.#arena.releases.endBatch());
        if (batch.insist) await this.#settle();
      });
    }
    await this.#named('at the end', async () => {
      await this.#letGo('before the last look');
      await this.#settle();
      this.#compare(await lookAt(this.#arena, this.#number, true));
      await this.#deleteAll();
      await this.#letGo('when all is deleted');
      this.#arena.releases.clear();
      assert.equal(printWorld(this.#world), '', 'left when everything was deleted');
      await assertEmpty(this.#arena);
      assert.equal(await neighbours(this.#arena), before, 'a neighbour was touched');
    });
  }

  async #named(where: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /**
   * Runs commands at once and explains what came of them, together with scripts that stood still and went on meanwhile.
   *
   * @param afterwards done when the commands have ended, before the RDS is looked at
   */
  async #batch(
    { commands, trouble }: Pick<Batch, 'commands' | 'trouble'>,
    afterwards: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const begin = Math.floor(Date.now() / 1000);
    const { controllers } = this.#arena;
    const processes = [controllers.process(0), controllers.process(1)];
    this.#arena.resume();
    const signal = trouble && this.#arena.trouble(trouble);
    const done = await Promise.all(commands.map((sent) => this.#perform(sent, signal)));
    await afterwards();
    this.commands += done.length;
    const { standing, moved } = await this.#arena.recover();
    const late = this.lates.collect(moved);
    const before = this.#world;
    const view = await lookAt(this.#arena, this.#number);
    for (const object of late.flatMap(({ made }) => made)) this.#disturbed.add(object);
    checkLists(before, done, new Set([...this.#disturbed, ...late.flatMap(objectsOfLate)]));
    this.#world = explain(before, [...done, ...late], trouble === undefined, view);
    this.lates.note(this.#world.marks, standing, done, processes, begin);
    this.#remember(done, trouble !== undefined);
    this.#compare(view);
    this.#checkTimes(before, Math.min(begin, ...late.map((one) => one.begin)));
    await this.#removeLeftovers();
  }

  async #perform(sent: Sent, signal: AbortSignal | undefined): Promise<Done> {
    const process = this.#arena.controllers.process(sent.via);
    const isFirst = !this.#touched.has(`${process} ${targetOf(sent.command)}`);
    return { ...sent, outcome: await perform(this.#arena, this.#number, sent, signal), process, isFirst };
  }

  /** Notes which calls are to be repeated, who has changed what, and where a second subvolume may be. */
  #remember(done: readonly Done[], isTroubled: boolean): void {
    for (const { via, command, outcome, process } of done) {
      const target = targetOf(command);
      if (target === undefined) continue;
      this.#touched.add(`${process} ${target}`);
      if (isTroubled || isOpen(outcome)) this.#disturbed.add(target);
      if (isOpen(outcome)) this.#pending.set(printCommand(command), { via, command });
      else this.#pending.delete(printCommand(command));
    }
  }

  /** Everything on the RDS must be as the model has it. */
  #compare(view: RdsView): void {
    assert.deepEqual(view.strangers, [], 'on the RDS and of no one');
    this.#world = reconcile([this.#world], view, objectsIn(this.#world, view));
    const twice = [...view.objects].filter(([, { rows }]) => rows.length > 1).map(([object]) => object);
    for (const object of twice) assert.ok(this.#disturbed.has(object), `${object} is there twice`);
    for (const object of [...this.#disturbed]) if (!twice.includes(object)) this.#disturbed.delete(object);
  }

  /** The time of a snapshot is that of the call. */
  #checkTimes(before: World, begin: number): void {
    const end = Math.floor(Date.now() / 1000);
    for (const [number, { seconds }] of this.#world.snapshots) {
      if (before.snapshots.has(number)) continue;
      const isRight = seconds !== undefined && seconds >= begin && seconds <= end;
      if (!isRight)
        throw new Unexplained(`s${number} reports the time ${seconds}, and was taken from ${begin} to ${end}`);
    }
  }

  /** Deletes again what came into being after its deletion, through the controller that knows of that. */
  async #removeLeftovers(): Promise<void> {
    const { leftovers } = this.#world.marks;
    this.lates.leftovers += leftovers.size;
    await this.#calmly([...leftovers].map((object, index) => alternating(removalOf(object), index)));
  }

  /** Lets go on what stands still up to this moment, or waits until it does. */
  async #letGo(moment: Moment): Promise<void> {
    if (this.lates.count === 0) return;
    await this.#batch({ commands: [] }, async () => {
      const { releases } = this.#arena;
      releases.releaseAt(moment);
      await until(async () => !releases.hasTimed, STANDING_MS);
    });
  }

  /** Repeats every call whose outcome is not known, as its sidecar would: first what the others may need. */
  async #settle(): Promise<void> {
    const isCreation = ({ command }: Sent) => command.do === 'create';
    for (let hasMoved = true; hasMoved; ) {
      const moves = this.lates.moves;
      const pending = [...this.#pending.values()];
      const creations = pending.filter(isCreation);
      for (const sent of [...creations, ...pending.filter((one) => !isCreation(one))]) await this.#calmly([sent]);
      // What went on meanwhile may have been in the way.
      hasMoved = this.#pending.size > 0 && this.lates.moves > moves;
    }
    assert.equal(
      this.#pending.size,
      0,
      `open for good: ${[...this.#pending.keys()].join()}\n${printWorld(this.#world)}`,
    );
  }

  async #calmly(commands: readonly Sent[]): Promise<void> {
    if (commands.length > 0) await this.#batch({ commands });
    this.commands -= commands.length;
  }

  /** Deletes everything that the model has, through both controllers at once. */
  async #deleteAll(): Promise<void> {
    const unpublish = [...this.#world.volumes].flatMap(([volume, { node }]): Command[] =>
      node === undefined ? [] : [{ do: 'unpublish', volume, node }],
    );
    await this.#calmly(unpublish.map(alternating));
    const objects = [
      ...[...this.#world.volumes.keys()].map((volume) => `v${volume}`),
      ...[...this.#world.snapshots.keys()].map((snapshot) => `s${snapshot}`),
    ];
    await this.#calmly(objects.map(removalOf).map(alternating));
    await this.#settle();
    assert.equal(printWorld(this.#world), '', 'left when everything was deleted');
  }
}

function removalOf(object: string): Command {
  const number = Number(object.slice(1));
  return object.startsWith('v') ? { do: 'delete', volume: number } : { do: 'drop', snapshot: number };
}

function alternating(command: Command, index: number): Sent {
  return { via: index % 2 === 0 ? 0 : 1, command };
}

/** Makes the arena as good as new after a run that failed. */
export async function cleanUp(arena: Arena): Promise<void> {
  arena.releases.clear();
  await arena.recover();
  await clearRds(arena);
}
