import { bareExec } from '../../../bench/floor.ts';
import { LIFECYCLE, newCaller } from '../../../bench/lifecycle.ts';
import { median, round, timed } from '../../../bench/statistics.ts';
import { connectRouterOs, readHostKeys, readPrivateKey } from '../../../src/routeros/index.ts';
import type { Access } from '../access.ts';
import type { Suite } from './suite.ts';

const ROUNDS = 3;

/** The benchmark's rows of one caller: every RPC, right after a bare exec over a connection of the same kind. */
export const BENCH: Suite = {
  name: 'benchmark',
  tells: [],
  async run(ground) {
    const doors = await ground.controller();
    const routerOs = converse(ground.access);
    const times = new Map<string, { readonly ms: number[]; readonly bare: number[] }>();
    try {
      for (let turn = 0; turn < ROUNDS; turn += 1) {
        const caller = newCaller();
        for (const { rpc, call } of LIFECYCLE) {
          const taken = times.get(rpc) ?? { ms: [], bare: [] };
          times.set(rpc, taken);
          taken.bare.push(await timed(() => bareExec(routerOs)));
          taken.ms.push(await timed(() => call(doors, caller)));
        }
      }
    } finally {
      await routerOs.close();
    }
    const rows = [...times].map(([rpc, { ms, bare }]) => {
      const [p50, floor] = [median(ms), median(bare)];
      return `| ${rpc} | ${ms.length} | ${round(p50)} | ${round(floor)} | × ${round(p50 / floor)} |`;
    });
    const bare = round(median([...times.values()].flatMap((taken) => taken.bare)));
    const head = ['Medians in ms, one caller.', '', '| | n | p50 | bare exec | ratio |', '|---|---|---|---|---|'];
    return {
      state: 'passed',
      said: `a bare exec takes ${bare} ms`,
      more: [...head, ...rows].join('\n'),
      transcript: `${rows.join('\n')}\n${doors.log()}`,
    };
  },
};

function converse({ host, port, user, keyFile, hostKeysFile }: Access) {
  return connectRouterOs({
    host,
    port,
    hostKeys: async () => await readHostKeys({ host, port, hostKeys: [], hostKeysFile }, () => undefined),
    credentials: async () => ({ username: user, privateKey: await readPrivateKey(keyFile) }),
  });
}
