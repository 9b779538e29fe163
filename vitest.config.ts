import { defineConfig } from 'vitest/config';

const outside = ['**/node_modules/**', 'dist/**', 'tools/peers/**'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    reporters: ['default', './tools/checks/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'core', include: ['**/*.test.ts'], exclude: [...outside, 'worker/**'] },
      },
      {
        extends: true,
        test: {
          name: 'worker',
          include: ['worker/**/*.test.ts'],
          exclude: outside,
          // Builds what the Worker imports, once a run.
          globalSetup: './worker/test/setup.ts',
        },
      },
    ],
  },
});
