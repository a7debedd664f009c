import { defineConfig, type PlaywrightTestOptions, type PlaywrightWorkerOptions } from '@playwright/test';

/** Debian's Chromium, as set-up installs it; Playwright's own download is never needed. */
const chromium: Partial<PlaywrightTestOptions & PlaywrightWorkerOptions> = {
  browserName: 'chromium',
  launchOptions: {
    executablePath: process.env.WEBMESH_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  },
};

/** ui: the screens on a made-up core. electron: main, preload and page together. web: the page behind the web shell's door. cli: the built program. All need a build. */
export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  timeout: 30_000,
  // Browsers share the machine with whatever else it does. What passes only when tried again is counted as passed and named in the summary.
  retries: 1,
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  reporter: [['list']],
  projects: [
    { name: 'ui', testDir: 'test/e2e/ui', use: chromium },
    { name: 'electron', testDir: 'test/e2e/electron' },
    { name: 'web', testDir: 'test/e2e/web', use: chromium },
    { name: 'product', testDir: 'test/e2e/product', use: chromium },
    { name: 'cli', testDir: 'test/e2e/cli' },
  ],
});
