import type { DoctorReport } from '../../../src/doctor/doctor.ts';
import { conclusion, tally } from '../../../src/doctor/report/words.ts';
import { SOURCES } from '../../support/installation.ts';
import { observationsOf } from '../answers.ts';
import { runNode } from './process.ts';
import { failed, type Suite } from './suite.ts';

/** `rose-csi doctor --write`, as a user runs it. */
export const DOCTOR: Suite = {
  name: 'doctor',
  tells: ['doctor'],
  async run({ configFile }) {
    const { stdout, output } = await runNode([SOURCES, 'doctor', '--config', configFile, '--write', '--json']);
    if (!stdout.trimStart().startsWith('{')) return failed(new Error('it printed no report'), output);
    const doctor = JSON.parse(stdout) as DoctorReport;
    const findings = doctor.backends.flatMap((backend) => backend.findings);
    return {
      state: doctor.exitCode === 0 ? 'passed' : 'failed',
      said: `${conclusion(doctor)} ${tally(findings)}`,
      transcript: output,
      observations: observationsOf(doctor),
      doctor,
    };
  },
};
