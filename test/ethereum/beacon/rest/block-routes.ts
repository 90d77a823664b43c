/** Block and header routes. */
import { routes } from '@lodestar/api'
import { ApiError, createFastifyRoute } from '@lodestar/api/server'
import { signedBlockToSignedHeader } from '@lodestar/state-transition'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain, ChainBlock } from '../chain.ts'

export function registerBlockRoutes(server: FastifyInstance, chain: BeaconChain): void {
	const beacon = routes.beacon.getDefinitions(chain.config)

	const find = (blockId: routes.beacon.BlockId): ChainBlock => {
		const block = chain.findBlock(blockId)
		if (block === undefined) throw new ApiError(404, `No block "${blockId}": the slot is empty, not reached yet, or too old.`)
		return block
	}
	const metaOf = (block: ChainBlock) => ({ executionOptimistic: false, finalized: chain.isFinalized(block) })
	const headerOf = (block: ChainBlock): routes.beacon.BlockHeaderResponse => ({
		root: block.root,
		canonical: true,
		header: signedBlockToSignedHeader(chain.config, block.signedBlock),
	})

	server.route(
		createFastifyRoute(
			beacon.getBlockHeader,
			async ({ blockId }) => {
				const block = find(blockId)
				return { data: headerOf(block), meta: metaOf(block) }
			},
			'getBlockHeader',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getBlockHeaders,
			async ({ slot, parentRoot }) => {
				const block = parentRoot === undefined ? find(slot ?? 'head') : chain.findChild(parentRoot)
				const matches = block !== undefined && (slot === undefined || block.slot === slot)
				return {
					data: matches ? [headerOf(block)] : [],
					meta: { executionOptimistic: false, finalized: matches && chain.isFinalized(block) },
				}
			},
			'getBlockHeaders',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getBlockRoot,
			async ({ blockId }) => {
				const block = find(blockId)
				return { data: { root: block.root }, meta: metaOf(block) }
			},
			'getBlockRoot',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getBlockV2,
			async ({ blockId }) => {
				const block = find(blockId)
				return { data: block.signedBlock, meta: { ...metaOf(block), version: chain.config.getForkName(block.slot) } }
			},
			'getBlockV2',
		),
	)
}
