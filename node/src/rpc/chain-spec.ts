import type { Methods } from './handler.ts'

export const chainSpec: Methods = {
	chainSpec_v1_chainName: (_, { node }) => node.chain.name,
	chainSpec_v1_genesisHash: (_, { node }) => node.chain.genesisHash,
	chainSpec_v1_properties: (_, { node }) => node.chain.properties,
}
