import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importRules } from './tools/checks/import-rules.js';

export default defineConfig(
  {
    ignores: [
      'dist/**',
      'build/**',
      'node_modules/**',
      'fastpath/assembly/**',
      'conformance/enumerated/assembly/**',
      'tools/bench/assembly/**',
      '.cache/**',
      '**/.wrangler/**',
      'tools/peers/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  ...importRules,
);
