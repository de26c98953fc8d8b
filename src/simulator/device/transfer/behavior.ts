/** How transfers behave where no one knows what a real device does (docs/routeros.md, 6). */
export interface TransferBehavior {
  /** Whether a row of `type=receive` has to be there at the receiver, and for how many transfers one is good (U30). */
  readonly receiveRow: 'needed' | 'needed-each-time' | 'not-needed';
  /** What `ssh-receive-mount` begins with: the label of a filesystem, or its mount point (U31). */
  readonly receiveMount: 'label' | 'mount-point';
  /** Whether it may be the top level of a filesystem (U31). */
  readonly receivesAtTop: boolean;
  /** Whether the first host key of an address is the only one that is taken there (U32). */
  readonly remembersHostKeys: boolean;
  /** Whether the keys of all accounts are tried, or those of the account that added the row (U33). */
  readonly triesAllKeys: boolean;
  /** What the account needs that is logged in to (U34). */
  readonly receivePolicies: readonly string[];
  /** What stays of a transfer that was cut off: what Linux leaves, nothing, or that, but read-only (U35). */
  readonly breakLeaves: 'half' | 'nothing' | 'read-only-half';
  /** What becomes of rows at a restart; `run-again` is said of those of `type=send` (U36). */
  readonly rowsAtRestart: 'kept' | 'lost' | 'run-again';
  /** What removing the row of a transfer that is under way does to that (U37). */
  readonly removalOfRunning: 'runs-on' | 'cancels' | 'refused';
  /** Whether what is being sent, and its parent, cannot be removed meanwhile (U38). */
  readonly protectsSources: boolean;
}

/**
 * The answer that is harder on whoever drives the device, but that of the manual or of Linux where they say something: for the
 * mount, the keys, the policies, what a break leaves, and what is protected.
 */
export const STRICT_TRANSFERS: TransferBehavior = {
  receiveRow: 'needed',
  receiveMount: 'label',
  receivesAtTop: true,
  remembersHostKeys: false,
  triesAllKeys: false,
  receivePolicies: ['ssh', 'write'],
  breakLeaves: 'half',
  rowsAtRestart: 'kept',
  removalOfRunning: 'runs-on',
  protectsSources: true,
};
