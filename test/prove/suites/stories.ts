import { join } from 'node:path';
import { runNode } from './process.ts';
import type { Suite } from './suite.ts';

const FILE = join(import.meta.dirname, 'stories.tests.ts');

/**
 * What the component tests show of a controller that is all that they look at. Those tests themselves arrange, break and look into
 * the simulator, so they cannot be pointed at a device.
 */
export const STORIES: Suite = {
  name: 'stories',
  tells: [],
  async run(ground) {
    const { endpoint, log } = await ground.controller();
    const env = { ROSE_PROVE_ENDPOINT: endpoint };
    const { code, output } = await runNode(['--test', '--test-reporter=spec', FILE], env);
    const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
    return {
      state: code === 0 && count('pass') > 0 ? 'passed' : 'failed',
      said: `${count('pass')} passed, ${count('fail')} failed`,
      transcript: `${output}\n${log()}`,
    };
  },
};
