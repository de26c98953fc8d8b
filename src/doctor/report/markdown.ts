import type { BackendConfig } from '../../config/schema.ts';
import type { DoctorReport } from '../doctor.ts';
import { withoutAddresses, withoutFingerprints, withoutWord } from './redact.ts';
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
  let clean = withoutFingerprints(text);
  for (const [secret, instead] of secrets) clean = withoutWord(clean, secret, instead);
  if (withAddresses) return clean;
  for (const address of addresses) clean = withoutWord(clean, address, '(address)');
  return withoutAddresses(clean);
}
