import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { NOW } from '../../../src/web-console/readings.fixture.ts';
import { lack } from '../../support/capability.ts';

/** Debian's, and the one on machines for CI of Ubuntu. */
const PROGRAMS = ['chromium', 'google-chrome'] as const;

/** What a page is looked at with. */
export const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;

/** A browser until the test is over; undefined when the machine has none, which the test then says. */
export async function openBrowser(t: TestContext): Promise<Browser | undefined> {
  const executablePath = PROGRAMS.map((name) => `/usr/bin/${name}`).find(existsSync);
  if (executablePath === undefined) {
    lack(t, `there is no browser on this machine: ${PROGRAMS.join(' or ')}`);
    return undefined;
  }
  // Root has no sandbox, and the pages are our own.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  t.after(() => browser.close());
  return browser;
}

/** A page that fails the test for every error, refused load, and request to somewhere else. */
export interface WatchedPage {
  readonly page: Page;
  /** Fails when anything of that kind was seen. @param expected of what has to be seen, such as a console that has ended */
  assertClean(expected?: RegExp): void;
}

export interface PageOptions extends BrowserContextOptions {
  /** The time that the page believes it is; that of the fixtures unless given. Undefined for the real one. */
  readonly now?: number | undefined;
}

/** Opens a page of its own context, in UTC and on the day of the fixtures. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<WatchedPage> {
  const { now = 'now' in options ? undefined : NOW, ...rest } = options;
  const context = await browser.newContext({ ...SCREENS.desktop, timezoneId: 'UTC', locale: 'en-GB', ...rest });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL('/', url).href)) faults.push(`request: ${request.url()}`);
  });
  await page.exposeFunction('reportViolation', (text: string) => faults.push(`violation: ${text}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      (globalThis as unknown as { reportViolation(text: string): void }).reportViolation(
        `${violatedDirective} ${blockedURI}`,
      );
    });
  });
  if (now !== undefined) await page.clock.setFixedTime(now);
  await page.goto(url);
  return {
    page,
    assertClean(expected) {
      assert.deepEqual(
        faults.filter((fault) => expected === undefined || !expected.test(fault)),
        [],
      );
    },
  };
}

/** Which rules of accessibility a page breaks, with what breaks them. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as { axe: { run(): Promise<Found> } };
    return (await loaded.run()).violations;
  });
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 300)}`));
}

interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What sticks out of the page to the right, which no one would find on a phone. */
export async function overflowing(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => element.outerHTML.slice(0, 120));
  });
}
