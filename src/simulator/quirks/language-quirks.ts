import type { Dialect } from '../console/dialect.ts';
import { DeviceFailure } from '../console/menu.ts';
import type { QuirkDefinition } from './quirk.ts';

/** What can differ in the texts of errors, in JSON and in regular expressions, and in lists of items (docs/routeros.md, 1.3, 1.4 and 2). */
export const LANGUAGE_QUIRKS: readonly QuirkDefinition[] = [
  {
    name: 'error-texts-other',
    unknown: 'U2',
    summary: 'the refusals of menus have other texts',
    effects: () => errorTexts((text) => `failure: could not do it: ${[...text].length} reasons`),
  },
  {
    name: 'error-texts-bare',
    unknown: 'U2',
    summary: 'every refusal of a menu is `action failed (6)`',
    effects: () => errorTexts(() => 'action failed (6)'),
  },
  dialect('json-numbers-as-text', 'U12', 'JSON has numbers as texts of digits', { numbersAsText: true }),
  dialect('json-bools-as-words', 'U12', 'JSON has bools as "yes" and "no"', { boolsAsWords: true }),
  dialect('json-unset-is-null', 'U12', 'a property of the proplist that is unset is null', { unset: 'null' }),
  dialect('json-unset-is-empty', 'U12', 'a property of the proplist that is unset is ""', { unset: 'empty' }),
  dialect('empty-list-passes', 'U27', '`set` and `remove` of no items do nothing, without an error', {
    emptyItemsPass: true,
  }),
  dialect('no-intervals', undefined, 'braces in regular expressions stand for themselves', { intervals: false }),
];

function dialect(name: string, unknown: string | undefined, summary: string, changes: Partial<Dialect>) {
  return { name, ...(unknown === undefined ? {} : { unknown }), summary, effects: () => ({ dialect: changes }) };
}

function errorTexts(translate: (text: string) => string): ReturnType<QuirkDefinition['effects']> {
  return {
    menus: {
      async run(_menu, call, next) {
        try {
          return await next(call);
        } catch (error) {
          throw error instanceof DeviceFailure ? new DeviceFailure(translate(error.message)) : error;
        }
      },
    },
  };
}
