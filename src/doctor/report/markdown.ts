import { isIPv6 } from 'node:net';
import type { BackendConfig } from '../../config/schema.ts';
import type { DoctorReport } from '../doctor.ts';
import { conclusion, MARKS, MEANINGS, titleOf } from './words.ts';

export interface MarkdownOptions {
  readonly version: string;
  readonly backends: readonly BackendConfig[];
  /** Whether addresses and host names may stay in. */
  readonly withAddresses: boolean;
}

/**
 * The report as a page for a bug report. It holds no key, fingerprint or path of one, no user name, and no address unless
 * that is allowed, also not where the device put one into its words.
 */
export function printMarkdown(report: DoctorReport, options: MarkdownOptions): string {
  const lines = [
    '# rose-csi doctor',
    '',
    `rose-csi ${options.version}, ${report.startedAt}, ${report.write ? 'with --write' : 'reading only'}. ${conclusion(report)}`,
  ];
  for (const { name, complete, findings } of report.backends) {
    lines.push('', `## ${name}${complete ? '' : ' (not to the end)'}`, '');
    lines.push('| | what was tested | what the device did | what the driver does | figures |', '|---|---|---|---|---|');
    for (const finding of findings) {
      const figures = Object.entries(finding.details ?? {}).map(([key, value]) => `${key}=${value}`);
      const cells = [titleOf(finding), finding.device, finding.driver, figures.join(', ')];
      lines.push(`| ${MARKS[finding.verdict]} | ${cells.map(cell).join(' | ')} |`);
    }
  }
  const legend = Object.entries(MARKS).map(([verdict, mark]) => `${mark} ${MEANINGS[verdict as keyof typeof MARKS]}`);
  lines.push('', legend.join(', '), '');
  return redact(lines.join('\n'), options);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}

const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
const MAYBE_IPV6 = /(?<![\w:])[0-9a-f:]{3,}(?![\w:])/gi;
const FINGERPRINT = /SHA256:[A-Za-z0-9+/]{43}/g;

function redact(text: string, { backends, withAddresses }: MarkdownOptions): string {
  const replicas = backends.flatMap(({ pools }) => pools.flatMap(({ replica }) => replica ?? []));
  const addresses = [
    backends.flatMap(({ ssh, nvme }) => [ssh.host, nvme.address]),
    replicas.map(({ address }) => address),
  ].flat();
  const secrets = backends.flatMap(({ ssh }) => [
    [ssh.privateKeyFile, '(key file)'] as const,
    ...(ssh.hostKeysFile === undefined ? [] : [[ssh.hostKeysFile, '(file of host keys)'] as const]),
    [ssh.user, '(user)'] as const,
  ]);
  secrets.push(...replicas.map(({ user }) => [user, '(user)'] as const));
  let clean = text.replaceAll(FINGERPRINT, '(fingerprint)');
  for (const [secret, instead] of secrets) clean = withoutWord(clean, secret, instead);
  if (withAddresses) return clean;
  for (const address of addresses) clean = withoutWord(clean, address, '(address)');
  return clean.replaceAll(IPV4, '(address)').replaceAll(MAYBE_IPV6, (text) => (isIPv6(text) ? '(address)' : text));
}

/** Replaces a text where it stands as a word of its own, so that a user `csi` does not eat up `rose-csi`. */
function withoutWord(text: string, word: string, instead: string): string {
  const literal = word.replaceAll(/[\\^$.[\]()|*+?{}/-]/g, '\\$&');
  return text.replaceAll(new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, 'g'), instead);
}
