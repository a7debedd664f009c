import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Whole nodes on loopback, simulations and fuzzing in brief, key derivation: seconds each, so `npm test` runs them and `npm run check` does not. */
const whole = [
  'src/node/{node,secured,replica}.test.ts', 'src/node/webrtc/**/*.test.ts', 'src/node/state/trust-replicas.test.ts', 'src/platform/{passphrases,peer-connections,sqlite}.test.ts', 'src/core/history/ring.test.ts',
  'test/{sim,fuzz}/**/*.test.ts', 'test/scenarios/core/crash.test.ts', 'test/conformance/webrtc.test.ts', 'scripts/update-sign.test.ts',
];

/** unit: fast and everywhere. whole: see above. renderer: components in happy-dom. system: root, namespaces, real tunnels; one file at a time. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/{sim,conformance,scenarios,layers,fuzz,attacks}/**/*.test.ts', 'scripts/**/*.test.ts'], exclude: ['src/renderer/**', ...whole], environment: 'node', testTimeout: 20_000 } },
      { test: { name: 'whole', include: whole, environment: 'node', testTimeout: 20_000 } },
      { plugins: [svelte()], resolve: { conditions: ['browser'] }, test: { name: 'renderer', include: ['src/renderer/**/*.test.ts'], setupFiles: ['src/renderer/words/test-setup.ts'], environment: 'happy-dom' } },
      { test: { name: 'system', include: ['test/system/**/*.test.ts'], environment: 'node', fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});
