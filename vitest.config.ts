import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** unit: fast and everywhere. renderer: components in happy-dom. system: root, namespaces, real tunnels; one file at a time. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/{sim,conformance,scenarios,layers,fuzz,attacks}/**/*.test.ts', 'scripts/**/*.test.ts'], exclude: ['src/renderer/**'], environment: 'node', testTimeout: 20_000 } },
      { plugins: [svelte()], resolve: { conditions: ['browser'] }, test: { name: 'renderer', include: ['src/renderer/**/*.test.ts'], setupFiles: ['src/renderer/words/test-setup.ts'], environment: 'happy-dom' } },
      { test: { name: 'system', include: ['test/system/**/*.test.ts'], environment: 'node', fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});
