/** Block and header routes. */
import { routes } from '@lodestar/api'
import { signedBlockToSignedHeader } from '@lodestar/state-transition'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain, ChainBlock } from '../chain.ts'
import { blockAt, expectRoot, metaOf } from './lookup.ts'
import { serve } from './serve.ts'

export function registerBlockRoutes(server: FastifyInstance, chain: BeaconChain): void {
	const headerOf = (block: ChainBlock): routes.beacon.BlockHeaderResponse => ({
		root: block.root,
		canonical: true,
		header: signedBlockToSignedHeader(chain.config, block.signedBlock),
	})
	const versionedMeta = (block: ChainBlock) => ({ ...metaOf(chain, block), version: chain.config.getForkName(block.slot) })

	serve<routes.beacon.Endpoints>(server, routes.beacon.getDefinitions(chain.config), {
		getBlockHeader: async ({ blockId }) => {
			const block = blockAt(chain, blockId)
			return { data: headerOf(block), meta: metaOf(chain, block) }
		},
		getBlockHeaders: async ({ slot, parentRoot }) => {
			if (parentRoot !== undefined) expectRoot(parentRoot)
			const block = parentRoot === undefined ? blockAt(chain, slot ?? 'head') : chain.findChild(parentRoot)
			const matches = block !== undefined && (slot === undefined || block.slot === slot)
			return {
				data: matches ? [headerOf(block)] : [],
				meta: { executionOptimistic: false, finalized: matches && chain.isFinalized(block) },
			}
		},
		getBlockRoot: async ({ blockId }) => {
			const block = blockAt(chain, blockId)
			return { data: { root: block.root }, meta: metaOf(chain, block) }
		},
		getBlockV2: async ({ blockId }) => {
			const block = blockAt(chain, blockId)
			return { data: block.signedBlock, meta: versionedMeta(block) }
		},
		getBlockAttestationsV2: async ({ blockId }) => {
			const block = blockAt(chain, blockId)
			return { data: block.signedBlock.message.body.attestations, meta: versionedMeta(block) }
		},
	})
}
