import { defineConfig } from '@playwright/test';

const port = process.env.PORT ?? 8123;

export default defineConfig({
  testMatch: '*.test.mjs',
  use: { baseURL: `http://localhost:${port}` },
  webServer: { command: 'node server.mjs', port: Number(port), stdout: 'pipe' },
});
