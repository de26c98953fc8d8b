import assert from 'node:assert/strict';
import type { Arena } from './arena.ts';
import { assertEmpty, type BoxView, clearBox, lookAt, neighbours } from './box.ts';
import { type Batch, type Command, printCommand, type Script, type Sent, targetOf } from './commands.ts';
import { checkLists, type Done, explain, Unexplained } from './explain.ts';
import { isOpen } from './outcome.ts';
import { perform } from './perform.ts';
import { objectsIn, reconcile } from './reconcile.ts';
import { NOTHING, printWorld, type World } from './world.ts';

/** One way of a script through the driver, held against the model. */
export class Run {
  readonly #arena: Arena;
  readonly #number: number;
  #world: World = NOTHING;
  /** Calls whose outcome is not known, by their print. */
  readonly #pending = new Map<string, Sent>();
  /** Objects of which a race that was disturbed may have left a second subvolume. */
  readonly #disturbed = new Set<string>();
  /** Commands that were run. */
  commands = 0;

  /** @param number makes the names of this run's objects. */
  constructor(arena: Arena, number: number) {
    this.#arena = arena;
    this.#number = number;
  }

  /**
   * Runs a script on an empty box, then settles what is open, compares every byte and deletes everything.
   *
   * @throws Error that says what cannot be right.
   */
  async script(script: Script): Promise<void> {
    const before = await neighbours(this.#arena);
    for (const [index, batch] of script.entries()) {
      await this.#named(`in batch ${index + 1}`, async () => {
        await this.#batch(batch);
        if (batch.insist) await this.#settle();
      });
    }
    await this.#named('at the end', async () => {
      await this.#settle();
      this.#compare(await lookAt(this.#arena, this.#number, true));
      await this.#deleteAll();
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

  async #batch({ commands, trouble }: Batch): Promise<void> {
    const begin = Math.floor(Date.now() / 1000);
    if (trouble !== undefined) this.#arena.trouble(trouble);
    const done = await Promise.all(
      commands.map(async (sent) => ({ ...sent, outcome: await perform(this.#arena, this.#number, sent) })),
    );
    this.commands += done.length;
    await this.#arena.recover();
    const before = this.#world;
    const view = await lookAt(this.#arena, this.#number);
    checkLists(before, done, this.#disturbed);
    this.#world = explain(before, done, trouble === undefined, (worlds, objects) => reconcile(worlds, view, objects));
    this.#remember(done, trouble !== undefined);
    this.#compare(view);
    this.#checkTimes(before, begin);
  }

  /** Notes which calls are to be repeated, and where a second subvolume may be. */
  #remember(done: readonly Done[], isTroubled: boolean): void {
    for (const { via, command, outcome } of done) {
      const target = targetOf(command);
      if (target === undefined) continue;
      if (isTroubled || isOpen(outcome)) this.#disturbed.add(target);
      if (isOpen(outcome)) this.#pending.set(printCommand(command), { via, command });
      else this.#pending.delete(printCommand(command));
    }
  }

  /** Everything on the box must be as the model has it. */
  #compare(view: BoxView): void {
    assert.deepEqual(view.strangers, [], 'on the box and of nobody');
    this.#world = reconcile([this.#world], view, objectsIn(this.#world, view));
    const twice = [...view.objects].filter(([, { rows }]) => rows.length > 1).map(([object]) => object);
    for (const object of twice) assert.ok(this.#disturbed.has(object), `${object} is there twice`);
    for (const object of [...this.#disturbed]) if (!twice.includes(object)) this.#disturbed.delete(object);
  }

  /** The time of a cut is that of the call. */
  #checkTimes(before: World, begin: number): void {
    const end = Math.floor(Date.now() / 1000);
    for (const [number, { seconds }] of this.#world.snapshots) {
      if (before.snapshots.has(number)) continue;
      const isRight = seconds !== undefined && seconds >= begin && seconds <= end;
      if (!isRight) throw new Unexplained(`s${number} tells the time ${seconds}, and was cut from ${begin} to ${end}`);
    }
  }

  /** Repeats every call whose outcome is not known, as its sidecar would: first what the others may need. */
  async #settle(): Promise<void> {
    const isCreation = ({ command }: Sent) => command.do === 'create';
    const pending = [...this.#pending.values()];
    const creations = pending.filter(isCreation);
    for (const sent of [...creations, ...pending.filter((one) => !isCreation(one))]) await this.#calmly([sent]);
    assert.equal(
      this.#pending.size,
      0,
      `open for good: ${[...this.#pending.keys()].join()}\n${printWorld(this.#world)}`,
    );
  }

  async #calmly(commands: readonly Sent[]): Promise<void> {
    if (commands.length > 0) await this.#batch({ commands, insist: false });
    this.commands -= commands.length;
  }

  /** Deletes everything that the model has, through both controllers at once. */
  async #deleteAll(): Promise<void> {
    const unpublish = [...this.#world.volumes].flatMap(([volume, { node }]): Command[] =>
      node === undefined ? [] : [{ do: 'unpublish', volume, node }],
    );
    await this.#calmly(unpublish.map(alternating));
    const remove: Command[] = [
      ...[...this.#world.volumes.keys()].map((volume) => ({ do: 'delete' as const, volume })),
      ...[...this.#world.snapshots.keys()].map((snapshot) => ({ do: 'drop' as const, snapshot })),
    ];
    await this.#calmly(remove.map(alternating));
    assert.equal(printWorld(this.#world), '', 'left when everything was deleted');
  }
}

function alternating(command: Command, index: number): Sent {
  return { via: index % 2 === 0 ? 0 : 1, command };
}

/** Makes the arena as good as new after a run that failed. */
export async function cleanUp(arena: Arena): Promise<void> {
  await arena.recover();
  await clearBox(arena);
}
