import { isStoragePackage, isSupported, LANGUAGE_FACTS, languageProblems } from '../../rds/index.ts';
import { flag, put, ros, text } from '../../routeros/index.ts';
import type { RdsCheck, RdsContext } from '../check.ts';
import { differs, type Finding, fits, untested, unusable } from '../finding.ts';
import { row, tried } from '../script.ts';

/** The first is recommended, the second is not (docs/routeros.md, 0.1). */
const RECOMMENDED = [7, 23, 5] as const;
const DEFECTIVE = [7, 24, 0] as const;

/** What the driver's account needs (docs/routeros.md, 9). */
const NEEDED = ['ssh', 'read', 'write', 'test'] as const;

/** A clock may differ by this much before it is worth a word, in milliseconds. */
const CLOCK_TOLERANCE_MS = 120_000;

export const DEVICE_CHECKS: readonly RdsCheck[] = [
  { id: 'version', title: 'RouterOS version', needs: 'read', run: version },
  { id: 'package', title: 'storage package', needs: 'read', run: storagePackage },
  { id: 'menus', title: 'commands the driver uses', needs: 'read', run: menus },
  { id: 'language', title: 'expressions and ids', needs: 'read', run: language },
  { id: 'policies', title: 'policies of the account', needs: 'read', run: policies },
  { id: 'clock', title: 'clock', needs: 'read', run: clock },
  { id: 'uptime', title: 'uptime', unknown: 'U26', needs: 'read', run: uptime },
];

async function version({ console }: RdsContext): Promise<Finding> {
  const asked = await tried(
    console,
    put(ros`{"version"=[/system/resource get version];"board"=[/system/resource get board-name]}`),
  );
  if (!asked.ok) return untested(asked.words, 'cannot tell the version. Give the account the policy test');
  const found = text(asked.rows[0] ?? {}, 'version');
  const board = text(asked.rows[0] ?? {}, 'board');
  const details = { version: found, board };
  const said = `${board}, RouterOS ${found}`;
  const parts =
    /^(\d+)\.(\d+)(?:\.(\d+))?/
      .exec(found)
      ?.slice(1)
      .map((part) => Number(part ?? 0)) ?? [];
  if (!isSupported(found)) {
    return unusable(said, 'does not start with it: 7.21 or newer is needed', details);
  }
  return compare(parts, RECOMMENDED) < 0 || compare(parts, DEFECTIVE) === 0
    ? differs(said, 'works with it. Update: 7.23.5 and newer are recommended, 7.24.0 is not', details)
    : fits(said, 'supports it', details);
}

/** Below zero when the first version is the older one, zero when they are the same. */
function compare(version: readonly number[], other: readonly number[]): number {
  const difference = other.map((part, index) => (version[index] ?? 0) - part).find((step) => step !== 0);
  return difference ?? 0;
}

async function storagePackage({ console }: RdsContext): Promise<Finding> {
  const rows = await console.run(
    ros`:foreach xR in=[/system/package print detail as-value proplist=name,version,disabled] do={${put(ros`$xR`)}}`,
  );
  const found = rows.find(isStoragePackage);
  if (found === undefined) {
    return unusable(
      'no storage package is installed',
      'does not start. Install the package rose-storage and reboot the RDS',
    );
  }
  return flag(found, 'disabled')
    ? unusable(`${text(found, 'name')} is disabled`, 'does not start. Enable the package and reboot the RDS')
    : fits(`${text(found, 'name')} ${text(found, 'version')}`, 'finds Btrfs and NVMe/TCP');
}

/** Commands as the driver sends them, which `:parse` looks at without running them (docs/routeros.md, 1.4). */
const COMMANDS = [
  '/disk add type=file slot=x file-path=x file-size=1 mount-filesystem=no comment=x',
  '/disk set *1 nvme-tcp-export=yes nvme-tcp-server-nqn=x nvme-tcp-server-port=4420 nvme-tcp-server-allow-host-name=x',
  '/disk/btrfs/subvolume add fs=x parent=x name=x read-only=yes',
  '/disk/btrfs/filesystem find',
  '/file find',
];

/** What `:parse` gives for a command that the console does not know in this form. */
const UNKNOWN_WORD = /bad command name|bad parameter|unknown parameter|expected |syntax error/;

async function menus({ console }: RdsContext): Promise<Finding> {
  const missing: string[] = [];
  for (const command of COMMANDS) {
    const { output } = await console.send(ros`:put [:parse ${command}]`);
    // A console that wraps may do so within a word (U11).
    const answer = output
      .toString('utf8')
      .replaceAll(/[\r\n]/g, '')
      .trim();
    if (answer === '') {
      return untested('the console does not report what it would parse', 'sends its commands all the same');
    }
    if (UNKNOWN_WORD.test(answer)) missing.push(`${command.split(' ')[0]}: ${answer}`);
  }
  return missing.length === 0
    ? fits('all are known, with their arguments', 'sends them')
    : unusable(missing.join('; '), 'cannot work. Update RouterOS, or install the storage package', {
        missing: missing.length,
      });
}

async function language({ console }: RdsContext): Promise<Finding> {
  const asked = await tried(console, put(LANGUAGE_FACTS));
  if (!asked.ok) return unusable(asked.words, 'cannot read subvolumes, hence not work');
  const found = asked.rows[0] ?? {};
  const id = text(found, 'id-type');
  const intervals = flag(found, 'intervals');
  const said = `subvolume-id is of type ${id || 'nothing'}; intervals such as {2} ${intervals ? 'work' : 'do not work'} in expressions`;
  const picks = `of 0 and 1 items, :pick gives ${text(found, 'none')} and ${text(found, 'one')}`;
  return languageProblems(found).length === 0
    ? fits(said, 'pages lists by that number, and finds names by such expressions')
    : unusable(`${said}; ${picks}`, 'does not start: lists would have gaps. Please report this RouterOS version', {
        'id-type': id,
        intervals,
      });
}

async function policies({ backend, console }: RdsContext): Promise<Finding> {
  const user = backend.ssh.user.split('+')[0] ?? '';
  const script = ros`:local xG [/user get [find where name=${user}] group]; ${put(ros`{"policy"=[/user/group get [find where name=$xG] policy]}`)}`;
  const asked = await tried(console, script);
  const granted = (asked.ok ? text(asked.rows[0] ?? {}, 'policy') : '')
    .split(/[,;]/)
    .filter((name) => /^[a-z]/.test(name));
  if (granted.length === 0) {
    return untested(
      'this account may not read its own policies',
      'needs ssh, read, write and test; --write shows whether it may write',
    );
  }
  const lacking = NEEDED.filter((name) => !granted.includes(name));
  const more = granted.filter((name) => NEEDED.every((needed) => needed !== name));
  const details = { policies: granted.join(',') };
  if (lacking.length > 0) {
    return unusable(`the policies ${lacking.join(', ')} are missing`, `needs ${NEEDED.join(', ')}`, details);
  }
  return more.length > 0
    ? differs(
        `it has more than it needs: ${more.join(', ')}`,
        'works. Take them away: whoever has the key has these, too',
        details,
      )
    : fits(`exactly ${granted.join(', ')}`, 'needs these and no others', details);
}

async function clock({ console }: RdsContext): Promise<Finding> {
  const script = put(
    ros`{"date"=[/system/clock get date];"time"=("".[/system/clock get time]);"offset"=("".[/system/clock get gmt-offset])}`,
  );
  const before = Date.now();
  const found = await row(console, script);
  const now = (before + Date.now()) / 2;
  const date = text(found, 'date');
  const local = Date.parse(`${date}T${text(found, 'time').slice(0, 8)}Z`);
  const offset = offsetMs(text(found, 'offset'));
  if (Number.isNaN(local) || offset === undefined) {
    return differs(
      `date and time are ${date} and ${text(found, 'time')}`,
      'does not read them: its own clock is in the names of snapshots',
    );
  }
  const off = local - offset - now;
  const details = { 'ahead-ms': Math.round(off) };
  return Math.abs(off) <= CLOCK_TOLERANCE_MS
    ? fits('agrees with the clock here', 'uses its own clock; yours agree in logs, too', details)
    : differs(
        `is off by ${spokenDuration(Math.abs(off))} from the clock here`,
        'uses its own clock for snapshots. Set an NTP client on the RDS, or here: logs will not match',
        details,
      );
}

/** Asks several times, since one reading may be at a whole second by chance. */
async function uptime({ console }: RdsContext): Promise<Finding> {
  const reading = put(
    ros`{"text"=("".[/system/resource get uptime]);
    "compares"=([/system/resource get uptime]<[:totime "9999w"] and 93784s=[:totime "1d02:03:04"])}`,
  );
  const asked = await tried(console, ros`:for xI from=1 to=4 do={:delay 13ms; ${reading}}`);
  if (!asked.ok) return differs(`it cannot be compared with a time: ${asked.words}`, 'cannot set a script a deadline');
  if (!asked.rows.every((found) => flag(found, 'compares'))) {
    return differs('it compares with a time in another way than expected', 'cannot set a script a deadline');
  }
  return asked.rows.some((found) => text(found, 'text').includes('.'))
    ? fits('it carries fractions of a second', 'compares it with whole seconds')
    : fits('it is in whole seconds', 'compares it with whole seconds');
}

/** `3600`, `+01:00` or `01:00:00` as milliseconds; undefined for anything else. */
function offsetMs(offset: string): number | undefined {
  if (/^-?\d+$/.test(offset)) return Number(offset) * 1000;
  const [, sign, hours, minutes] = /^([+-]?)(\d{2}):(\d{2})(?::\d{2})?$/.exec(offset) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60) * 1000;
}

function spokenDuration(ms: number): string {
  const units = [
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
  ] as const;
  const [size, name] = units.find(([unit]) => ms >= 2 * unit) ?? [1000, 'seconds'];
  return `${Math.round(ms / size)} ${name}`;
}
