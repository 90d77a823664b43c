/** Who may import whom (README, "Layout"): arrows go one way, and nothing is circular. */
const parts = ['runtime-spec', 'node', 'chain-spec', 'client', 'sidecar', 'test']

/** Code of `part` may import code of `allowed` (and its own) only. Tests may look further. */
const only = (part, allowed, why) => ({
	name: `${part}-imports`,
	comment: why,
	severity: 'error',
	from: { path: `^${part}/`, pathNot: '\\.test\\.ts$|/testing/' },
	to: { path: `^(${parts.filter((other) => other !== part && !allowed.includes(other)).join('|')})/` },
})

module.exports = {
	forbidden: [
		only('runtime-spec', [], 'what the chain computes depends on nothing else of ours'),
		only('node', ['chain-spec'], 'the node runs any built blob, and knows presets by name'),
		only('chain-spec', ['runtime-spec'], 'a chain spec knows the genesis of the pallets, not the node'),
		only('client', ['sidecar'], 'the client reads the built metadata, never the pallets'),
		only('sidecar', ['client'], 'the sidecar talks to a node over JSON-RPC'),
		{
			name: 'client-knows-abi-only',
			comment: 'of the sidecar, the client imports the ABI of the contracts only',
			severity: 'error',
			from: { path: '^client/', pathNot: '\\.test\\.ts$' },
			to: { path: '^sidecar/', pathNot: '^sidecar/contracts/(abi|eip712)\\.ts$' },
		},
		{
			name: 'frame-is-lowest',
			severity: 'error',
			from: { path: '^runtime-spec/frame/', pathNot: '\\.test\\.ts$|/testing/' },
			to: { path: '^runtime-spec/(pallets|runtime|engine)/' },
		},
		{
			name: 'pallets-import-frame-and-pallets',
			severity: 'error',
			from: { path: '^runtime-spec/pallets/', pathNot: '\\.test\\.ts$|/testing/' },
			to: { path: '^runtime-spec/(runtime|engine)/|^runtime-spec/frame/(native|metadata)/' },
		},
		{ name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		exclude: { path: '(^|/)(node_modules|dist)/|^runtime-spec/engine/shim/' },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
	},
}
