import manifest from '../../package.json' with { type: 'json' };

/** Version of rose-csi. */
export const VERSION: string = manifest.version;
