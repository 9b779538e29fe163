import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'tools/peers/**'],
    testTimeout: 60_000,
    reporters: ['default', './tools/checks/closing-line.ts'],
  },
});
