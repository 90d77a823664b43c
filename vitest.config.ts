import { defineConfig } from 'vitest/config'

export default defineConfig({
	test: {
		include: ['{runtime-spec,node,chain-spec,client,sidecar,test}/**/*.test.ts'],
		testTimeout: 120_000,
		hookTimeout: 120_000,
		maxWorkers: 2,
	},
})
