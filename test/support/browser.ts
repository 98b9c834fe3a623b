// A real browser for the tests of the page: Debian's chromium without a window, driven by playwright-core. Each visit writes down what
// the page asked of anybody and what the browser complained of: scripts that failed, policies that were broken.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Elsewhere than in CI a machine may be without it. */
export const needsBrowser: { readonly skip: string | false } = {
  skip: !existsSync(CHROMIUM) && process.env['CI'] === undefined && `${CHROMIUM} is not installed`,
};

/** Null where there is none: the tests are skipped then. */
export async function launchBrowser(): Promise<Browser | null> {
  if (needsBrowser.skip !== false) return null;
  // Its own sandbox wants rights that containers do not give, and forbids root.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'dark' | 'light';
}

export const DESK: Look = { width: 1280, height: 800, colorScheme: 'dark' };

export class Visit {
  readonly page: Page;
  /** Addresses of all that was asked. */
  readonly asked: string[] = [];
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('request', (request) => this.asked.push(request.url()));
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(message.text());
      }
    });
  }

  static async pay(browser: Browser, url: string, look: Look = DESK): Promise<Visit> {
    const { width, height, colorScheme } = look;
    // Whatever moves is drawn sixty times a second, without a graphics card by a processor that the tests want.
    const reducedMotion = 'reduce';
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion });
    page.setDefaultTimeout(30_000);
    const visit = new Visit(page);
    await page.goto(url);
    return visit;
  }

  /** Runs in the page. */
  evaluate<Result>(script: string): Promise<Result> {
    return this.page.evaluate<Result>(script);
  }

  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).textContent()) ?? '';
  }

  /** "1,234/s" as 1234. */
  async number(selector: string): Promise<number> {
    return Number((await this.text(selector)).replace(/[^\d.]/g, ''));
  }

  /** The name of what has the focus. */
  focused(): Promise<string> {
    return this.evaluate(
      `((it) => it.ariaLabel ?? (it.labels?.[0] ?? it).textContent)(document.activeElement)`,
    );
  }

  /** Of the page's pictures in the next seconds. */
  async smoothness(): Promise<Smoothness> {
    const inspector = await this.page.context().newCDPSession(this.page);
    await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
    /** Processor time of the page's own thread in all its tasks until now, ms: what else the machine does is not in it. */
    const worked = async (): Promise<number> => {
      const { metrics } = await inspector.send('Performance.getMetrics');
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
    };
    const before = await worked();
    const seen = await this.evaluate<Omit<Smoothness, 'workMs'>>(SMOOTHNESS);
    const workMs = ((await worked()) - before) / seen.pictures;
    await inspector.detach();
    return { ...seen, workMs };
  }

  /** What of the page shuts people out, by axe-core; a line for each place. */
  async barriers(): Promise<string[]> {
    await this.evaluate(axe());
    const found = await this.evaluate<readonly Barrier[]>('axe.run().then((r) => r.violations)');
    return found.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`),
    );
  }
}

/** In the page, for some seconds: the times between its pictures, and how long its longest task was. */
const SMOOTHNESS = `new Promise((resolve) => {
  const gaps = [];
  const tasks = [];
  const watching = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  watching.observe({ type: 'longtask' });
  let last = performance.now();
  const began = last;
  const step = (now) => {
    gaps.push(now - last);
    last = now;
    if (now - began < 2000) return requestAnimationFrame(step);
    watching.disconnect();
    gaps.sort((one, other) => one - other);
    const at = (part) => gaps[Math.floor(gaps.length * part)];
    resolve({ pictures: gaps.length, p50: at(0.5), p99: at(0.99), most: gaps.at(-1), tasks: tasks.map(({ duration }) => duration) });
  };
  requestAnimationFrame(step);
})`;

interface Smoothness {
  readonly pictures: number;
  /** Processor time of the page for each of them. */
  readonly workMs: number;
  /** Milliseconds between two of them. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  readonly tasks: readonly number[];
}

interface Barrier {
  readonly id: string;
  readonly nodes: readonly {
    readonly target: readonly string[];
    readonly failureSummary: string;
  }[];
}

let axeScript: string | undefined;

function axe(): string {
  axeScript ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return axeScript;
}
