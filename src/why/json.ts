import type { Answer } from './answer.ts';

/** The answer for programs. What is not known is left out. The form only ever grows. */
export function answerJson({ subject, result, chain, findings, blind, backendAsked }: Answer): object {
  const { kind, name, namespace } = subject;
  return {
    subject: { kind, name, ...(kind !== 'volume' && { namespace }) },
    result,
    backendAsked,
    chain: chain.map(({ key, what, how, state }) => ({ link: key.trim(), what, how, state })),
    findings: findings.map(({ rule, at, state, what, why, said, next, command }) => ({
      rule,
      link: at,
      state,
      what,
      why,
      ...(said !== undefined && { message: said }),
      next,
      ...(command !== undefined && { command }),
    })),
    notSeen: blind,
  };
}
