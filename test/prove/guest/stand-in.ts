/**
 * The stand-in for a CHR: a machine that boots to a serial console with the first-login prompts, three empty disks and a disabled
 * storage package, and becomes a simulated RDS on real Btrfs with the kernel's NVMe target, step by step as the guide is typed.
 */

import { sh } from '../../data-plane/guest/shell.ts';
import { FactoryConsole } from './factory-console.ts';
import { StandInRds } from './stand-in-rds.ts';

/** What QEMU's user network gives its guest. */
const ADDRESS = '10.0.2.15';

sh(`ip addr add ${ADDRESS}/24 dev eth0; ip link set eth0 up; modprobe nvmet-tcp`);
const rds = new StandInRds(ADDRESS);
process.stdin.setRawMode?.(true);
await new FactoryConsole(process.stdin, (text) => process.stdout.write(text), rds).serve();
