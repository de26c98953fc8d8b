/** What docs/routeros.md, 14 does not know, and what settles it here. A spec holds this table to that page. */

/**
 * What can tell about an unknown: the doctor over SSH; an initiator, a second machine that connects over NVMe/TCP; a restart of
 * the device; a second filesystem with the label of the first; a transfer between two devices, which nothing here makes.
 */
export type Source = 'doctor' | 'initiator' | 'reboot' | 'labels' | 'transfer';

export interface Unknown {
  /** As in `U7`. */
  readonly id: string;
  /** As the page has it, without the full stop. */
  readonly question: string;
  /** All of these must have told something, else it is not settled. */
  readonly needs: readonly Source[];
}

/** Why a source told nothing, unless what ran knows better. */
export const WITHOUT: Readonly<Record<Source, string>> = {
  doctor: 'the doctor did not get so far',
  initiator: 'it needs a second machine that connects over NVMe/TCP, and none did',
  reboot: 'it needs a restart of the device, which is only done to a virtual machine',
  labels: 'it needs a spare disk to format, which only a virtual machine has',
  transfer: 'it needs two devices that send to each other, and a run has one',
};

const DOCTOR: readonly Source[] = ['doctor'];
const INITIATOR: readonly Source[] = ['initiator'];
const TRANSFER: readonly Source[] = ['transfer'];

export const UNKNOWNS: readonly Unknown[] = [
  { id: 'U1', question: 'Exit status of a failed command', needs: DOCTOR },
  {
    id: 'U2',
    question: 'Error texts for duplicate slot, no space, missing directory, busy subvolume',
    needs: DOCTOR,
  },
  { id: 'U3', question: 'Does `set file-size=` grow an image, also while it is exported?', needs: DOCTOR },
  {
    id: 'U4',
    question: 'What does `add` with an explicit `file-size` do to a file that exists?',
    needs: DOCTOR,
  },
  { id: 'U5', question: 'Are images sparse or preallocated?', needs: DOCTOR },
  { id: 'U6', question: 'Length and characters of a slot on other versions', needs: DOCTOR },
  { id: 'U7', question: 'The default NQN', needs: DOCTOR },
  { id: 'U8', question: '`name`, `top-level` and `parent=` for nested subvolumes', needs: DOCTOR },
  { id: 'U9', question: 'Is removing a subvolume immediate, and what if it is in use?', needs: DOCTOR },
  { id: 'U10', question: 'Form and zone of `creation-time`', needs: DOCTOR },
  { id: 'U11', question: 'Wrapping or line feeds inside a long `:put`', needs: DOCTOR },
  { id: 'U12', question: 'Numbers or strings, booleans or "yes" in JSON', needs: DOCTOR },
  { id: 'U13', question: 'Is there write-back above Btrfs when a snapshot is taken?', needs: INITIATOR },
  { id: 'U14', question: 'What does an initiator see of a resize, and of a live removal?', needs: INITIATOR },
  { id: 'U15', question: 'Longest command, most channels and sessions', needs: DOCTOR },
  { id: 'U16', question: 'Length and characters of `comment` on `/disk`', needs: DOCTOR },
  { id: 'U17', question: 'Do exports return after a reboot, when the pool mounts late?', needs: ['reboot'] },
  { id: 'U18', question: 'Two filesystems with one label', needs: ['labels'] },
  {
    id: 'U19',
    question: "Length and characters of a subvolume's name, and `parent=` by such a name",
    needs: DOCTOR,
  },
  {
    id: 'U20',
    question: 'What `nvme-tcp-server-allow-host-name` matches, and whether it takes several',
    needs: ['doctor', 'initiator'],
  },
  { id: 'U21', question: 'Longest output of one exec', needs: DOCTOR },
  { id: 'U22', question: 'Does a script run on after its channel died?', needs: DOCTOR },
  {
    id: 'U23',
    question: "Is the namespace's UUID stable over export off and on, and over a reboot?",
    needs: ['initiator', 'reboot'],
  },
  { id: 'U24', question: 'When is `size` readable after `/disk add`?', needs: DOCTOR },
  {
    id: 'U25',
    question: 'Do the ids of subvolumes stay what they are while others come and go?',
    needs: DOCTOR,
  },
  { id: 'U26', question: 'Is uptime a time of whole seconds?', needs: DOCTOR },
  {
    id: 'U27',
    question: 'What do `set` and `remove` of no items do, and what is a `:pick` of none?',
    needs: DOCTOR,
  },
  { id: 'U28', question: 'What does `received-uuid` of a subvolume show that was made here?', needs: DOCTOR },
  {
    id: 'U29',
    question: 'Do discards of a node reach the image, and does the pool get the space back?',
    needs: INITIATOR,
  },
  {
    id: 'U30',
    question: 'Must B have a row of `type=receive`, and how often is one good?',
    needs: TRANSFER,
  },
  {
    id: 'U31',
    question: 'Is `ssh-receive-mount` the label or the mount point, and may it be the top level?',
    needs: TRANSFER,
  },
  { id: 'U32', question: 'Is the host key of B checked?', needs: TRANSFER },
  { id: 'U33', question: 'Whose private key is used?', needs: TRANSFER },
  { id: 'U34', question: 'Which policies does the account on B need?', needs: TRANSFER },
  { id: 'U35', question: 'What is left on B when a transfer breaks off?', needs: TRANSFER },
  { id: 'U36', question: 'Do rows outlive a reboot, and do they run again?', needs: TRANSFER },
  { id: 'U37', question: 'What does `remove` of a row do to its transfer?', needs: TRANSFER },
  { id: 'U38', question: 'Is what is being sent protected?', needs: TRANSFER },
  { id: 'U39', question: 'The words of `status`, and what `bytes` counts', needs: TRANSFER },
  {
    id: 'U40',
    question: 'Which version do streams have, and what does an older RouterOS do with it?',
    needs: TRANSFER,
  },
  {
    id: 'U41',
    question: 'In which form does `/disk/btrfs/filesystem` show missing devices and errors?',
    needs: DOCTOR,
  },
  {
    id: 'U42',
    question: 'In which form do drives show `critical-warning` and `io-errors`, and does `print detail` have them?',
    needs: DOCTOR,
  },
];
