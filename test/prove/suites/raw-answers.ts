import { type RouterOsConsole, ros, type Script } from '../../../src/routeros/index.ts';
import { consoleOf } from '../access.ts';
import { removeScratch, ScratchItem } from '../scratch-item.ts';
import type { Suite } from './suite.ts';

/** The canonical read of docs/routeros.md, 2. */
function asJson(printed: Script): Script {
  return ros`:put [:serialize to=json options=json.no-string-conversion value=[${printed}]]`;
}

/** What is asked about a scratch item, its snapshot and the pool; nothing else of the device is read. */
function questionsAbout(name: string, snapshot: string, label: string): readonly Script[] {
  const item = ros`/disk print detail as-value where slot=${name}`;
  const subvolumes = ros`/disk/btrfs/subvolume print detail as-value where name=${name} or name=${snapshot}`;
  const filesystem = ros`/disk/btrfs/filesystem print detail as-value where label=${label}`;
  return [
    ros`:put [/system resource get version]`,
    ros`/disk print detail where slot=${name}`,
    asJson(item),
    ros`/disk/btrfs/subvolume print detail where name=${name} or name=${snapshot}`,
    asJson(subvolumes),
    ros`/disk/btrfs/filesystem print detail where label=${label}`,
    asJson(filesystem),
    ros`:put [/disk get [find where mounted and fs-label=${label}] free]`,
    ros`:error ${'rose-csi'}`,
    ros`/no-such-menu print`,
    ros`/disk remove ${'*FFFFFF'}`,
    ros`/disk/btrfs/subvolume add fs=${label} name=${name}`,
  ];
}

async function ask(console: RouterOsConsole, question: Script): Promise<string> {
  const { output, status, note } = await console.send(question);
  const more = note === '' ? '' : `\n  ${note}`;
  return `${question.text}\n  ${JSON.stringify(output.toString('utf8'))}\n  exit status ${status ?? 'none'}${more}`;
}

/**
 * What the device answers, with line ends and all, to what the driver asks and to what it refuses: evidence that
 * docs/routeros.md lacks, and that the simulator's answers can be held against.
 */
export const RAW_ANSWERS: Suite = {
  name: 'raw answers',
  tells: [],
  async run({ access, clusterId }) {
    const { label } = access.pool;
    const name = `${clusterId}-raw`;
    const snapshot = `${clusterId}-snap`;
    const console = consoleOf(access);
    const item = new ScratchItem(console, { pool: access.pool, nvme: access.nvme, scratch: name });
    const answers: string[] = [];
    try {
      await item.make();
      await item.export();
      await console.run(ros`/disk/btrfs/subvolume add fs=${label} parent=${name} name=${snapshot} read-only=yes`);
      for (const question of questionsAbout(name, snapshot, label)) answers.push(await ask(console, question));
    } finally {
      for (const made of [snapshot, name]) await removeScratch(console, made).catch(() => undefined);
      console.close();
    }
    return {
      state: 'passed',
      said: `${answers.length} answers are in the transcript`,
      transcript: answers.join('\n\n'),
    };
  },
};
