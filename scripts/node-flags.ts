/** Flags of Node.js that the bundle is meant to be started with: a small young generation takes 7 MB off an idle controller. */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=1'];

/**
 * The same for `rose-csi node`, which runs on every machine and mostly waits for programs: V8 makes no machine code
 * (`--lite-mode`) and collects garbage sooner. Together they take 7 MB off an idle node (docs/benchmarks.md).
 */
export const NODE_COMMAND_FLAGS: readonly string[] = [...NODE_FLAGS, '--lite-mode', '--initial-heap-size=4'];
