import { type FileHandle, open } from 'node:fs/promises';
import type { Cluster } from '../../data-plane/guest/cluster.ts';
import { check, step } from '../../data-plane/guest/report.ts';
import type { BlockAccess } from '../../demo/content.ts';
import { Steps } from '../../demo/steps.ts';
import { type Scale, type Scene, tell } from '../../demo/story.ts';
import type { Extent } from '../../support/simulator-api.ts';
import type { InitiatorPlan } from './plan.ts';
import { attach, detach } from './reach.ts';

/** What goes over a line of 1 Mbit/s in seconds, which is what a CHR without a paid licence sends. */
const SCALE: Scale = { volume: 128n << 20n, place: 32 * 1024 };

/** The bytes of exported volumes, over NVMe/TCP. Only what was written is compared: to read all would take too long. */
class NvmeBlocks implements BlockAccess {
  readonly #plan: InitiatorPlan;
  readonly #open = new Map<string, FileHandle>();

  constructor(plan: InitiatorPlan) {
    this.#plan = plan;
  }

  async read(nqn: string, { offset, length }: Extent): Promise<Buffer> {
    const { buffer } = await (await this.#file(nqn)).read(Buffer.alloc(length), 0, length, offset);
    return buffer;
  }

  async write(nqn: string, offset: number, data: Uint8Array): Promise<void> {
    const file = await this.#file(nqn);
    await file.write(data, 0, data.length, offset);
    await file.datasync();
  }

  async extents(): Promise<readonly Extent[]> {
    return [];
  }

  /** Disconnects from everything. */
  async release(): Promise<void> {
    for (const [nqn, file] of this.#open) {
      await file.close();
      detach(nqn);
    }
    this.#open.clear();
  }

  async #file(nqn: string): Promise<FileHandle> {
    const known = this.#open.get(nqn);
    if (known !== undefined) return known;
    const file = await open(`/dev/${await attach(this.#plan, nqn)}`, 'r+');
    this.#open.set(nqn, file);
    return file;
  }
}

/** The story of `npm run demo`, smaller, on the bytes of the device. */
export async function demonstrate({ controller }: Cluster, plan: InitiatorPlan): Promise<void> {
  const blocks = new NvmeBlocks(plan);
  const scene: Scene = {
    controller: {
      ...controller,
      controllerUnpublishVolume: async (request, options) => {
        await blocks.release();
        return await controller.controllerUnpublishVolume(request, options);
      },
    },
    api: {
      read: (nqn, range) => blocks.read(nqn, range),
      write: (nqn, offset, data) => blocks.write(nqn, offset, data),
      extents: () => blocks.extents(),
      pools: async () => {
        const volumes = (await controller.listVolumes({})).entries.map(({ volume }) => volume?.volumeId ?? '');
        const snapshots = (await controller.listSnapshots({})).entries.map(
          ({ snapshot }) => snapshot?.snapshotId ?? '',
        );
        return [
          { label: plan.pool.label, uuid: plan.pool.uuid, subvolumes: [...volumes, ...snapshots], strayFiles: [] },
        ];
      },
    },
  };
  // Only the simulator counts execs.
  const steps = new Steps({ execs: async () => 0 }, () => undefined);
  const { difference, leaked } = await step('the story of the demo', () => tell(scene, steps, SCALE));
  check(`demo: every byte that was written is identical: ${difference ?? 'yes'}`, difference === undefined);
  check(`demo: the pool is empty again: ${leaked.join(', ') || 'yes'}`, leaked.length === 0);
}
