import { test as base, expect, type Page } from '@playwright/test';
import { serveFake, type FakeServer, type ServeOptions } from '../../fakes/serve-fake.ts';

/** The built page over a made-up core. After each test: nothing in the console, no script error, no breach of the content policy. */
export interface Opened {
  readonly page: Page;
  readonly server: FakeServer;
}

export type Open = (options: ServeOptions & { readonly at?: string }) => Promise<Opened>;

export const test = base.extend<{ open: Open }>({
  open: async ({ page }, use) => {
    const servers: FakeServer[] = [];
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
    page.on('console', (message) => {
      // A page that lost its server says so in the browser's own words; the test that drops it looks at the page instead.
      if (message.type() === 'error' && !message.text().includes('WebSocket connection')) troubles.push(`console: ${message.text()}`);
    });
    await page.addInitScript(`document.addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));`);
    await use(async ({ at = 'connect', ...options }) => {
      const server = await serveFake({ stepMs: 150, ...options });
      servers.push(server);
      await page.goto(`${server.url}#/${at}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      return { page, server };
    });
    await page.close();
    for (const server of servers) await server.close();
    expect(troubles).toEqual([]);
  },
});

export { expect };
