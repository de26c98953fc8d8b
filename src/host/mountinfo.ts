/** One mount of this mount namespace (proc(5), `/proc/pid/mountinfo`). */
export interface Mount {
  /** Of this mount, among those that there are now. */
  readonly id: string;
  /** Of the mount that it is mounted on; the first one has itself, or one that is not to be seen. */
  readonly parent: string;
  /** `major:minor` of the filesystem's device. */
  readonly device: string;
  /** Which part of the filesystem is mounted; `/` for all of it. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount, such as `ro`. */
  readonly options: readonly string[];
  /** Such as `ext4`. */
  readonly type: string;
  /** What was mounted, such as `/dev/nvme0n1`. */
  readonly source: string;
  /** Options of the filesystem, whichever mount it is seen through. */
  readonly superOptions: readonly string[];
}

/**
 * Id, parent, device, root, mount point, options, optional fields up to ` - `, type, source, options of the filesystem. The last
 * are written by each filesystem as it likes: with blanks in them, or none at all. Only the blank separates: what else JavaScript
 * takes for white space or the end of a line stands in paths as it is.
 */
const LINE = /^\d+ \d+ (\d+:\d+) ([^ ]+) ([^ ]+) ([^ ]+)(?: [^ ]+)*? - ([^ ]+) ([^ ]*)(?: (.*))?$/s;

/**
 * Reads all of the file; a later mount hides an earlier one on the same point. A line of another form is none of ours, which are
 * all of the kernel's own making: it is left out, as one mount of someone else must not stop every volume of the node.
 */
export function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const fields = LINE.exec(line)
      ?.slice(1)
      .map((field = '') => unescaped(field));
    if (fields === undefined) return [];
    const [id = '', parent = ''] = line.split(' ');
    const [device = '', root = '', mountPoint = '', options = '', type = '', source = '', superOptions = ''] = fields;
    return [
      {
        id,
        parent,
        device,
        root,
        mountPoint,
        type,
        source,
        options: options.split(','),
        superOptions: superOptions.split(','),
      },
    ];
  });
}

/** The kernel writes space, tab, newline, backslash and `#` as a backslash and three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_escape, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
