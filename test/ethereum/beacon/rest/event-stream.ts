/** Server-sent events of /eth/v1/events: heads, finality, and operations that reach the pool. */
import { routes } from '@lodestar/api'
import { computeEpochAtSlot, computeStartSlotAtEpoch } from '@lodestar/state-transition'
import type { AttesterSlashing, capella, phase0 } from '@lodestar/types'
import { toRootHex } from '@lodestar/utils'
import type { FastifyInstance } from 'fastify'
import type { BlockSources } from '../block-production.ts'
import type { BeaconChain, ChainBlock } from '../chain.ts'

const { EventType } = routes.events
const SUPPORTED_TOPICS: readonly string[] = [
	EventType.head,
	EventType.block,
	EventType.finalizedCheckpoint,
	// Can be subscribed to, as clients do, but never comes: one node makes every block, each on the head.
	EventType.chainReorg,
	EventType.voluntaryExit,
	EventType.proposerSlashing,
	EventType.attesterSlashing,
	EventType.blsToExecutionChange,
]

export function registerEventStream(server: FastifyInstance, { chain, pool }: Pick<BlockSources, 'chain' | 'pool'>): void {
	const serdes = routes.events.getEventSerdes(chain.config)

	server.get<{ Querystring: { topics?: string | string[] } }>('/eth/v1/events', (request, reply) => {
		const topics = [request.query.topics ?? []].flat()
		const unknown = topics.find((topic) => !SUPPORTED_TOPICS.includes(topic))
		if (unknown !== undefined || topics.length === 0) {
			const problem = unknown === undefined ? 'No topics given' : `Topic "${unknown}" is not served`
			void reply.code(400).send({ code: 400, message: `${problem}; choose of: ${SUPPORTED_TOPICS.join(', ')}` })
			return
		}
		reply.hijack()
		const stream = reply.raw
		stream.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' })
		// Tells the client that it is subscribed before the first event comes.
		stream.flushHeaders()
		const send = (event: routes.events.BeaconEvent): void => {
			if (topics.includes(event.type)) stream.write(`event: ${event.type}\ndata: ${JSON.stringify(serdes.toJson(event))}\n\n`)
		}
		const onHead = (block: ChainBlock): void => {
			const ids = { slot: block.slot, block: toRootHex(block.root), executionOptimistic: false }
			send({ type: EventType.block, message: ids })
			send({ type: EventType.head, message: { ...ids, state: stateRoot(block), ...dutyRoots(chain, block.slot) } })
		}
		const onFinalized = (checkpoint: { epoch: number }, block: ChainBlock): void =>
			send({
				type: EventType.finalizedCheckpoint,
				message: { block: toRootHex(block.root), state: stateRoot(block), epoch: checkpoint.epoch, executionOptimistic: false },
			})
		const onExit = (message: phase0.SignedVoluntaryExit): void => send({ type: EventType.voluntaryExit, message })
		const onProposerSlashing = (message: phase0.ProposerSlashing): void => send({ type: EventType.proposerSlashing, message })
		const onAttesterSlashing = (message: AttesterSlashing): void => send({ type: EventType.attesterSlashing, message })
		const onBlsChange = (message: capella.SignedBLSToExecutionChange): void => send({ type: EventType.blsToExecutionChange, message })
		chain.on('head', onHead).on('finalized', onFinalized)
		pool.on('voluntaryExit', onExit).on('proposerSlashing', onProposerSlashing)
		pool.on('attesterSlashing', onAttesterSlashing).on('blsToExecutionChange', onBlsChange)
		stream.once('close', () => {
			chain.off('head', onHead).off('finalized', onFinalized)
			pool.off('voluntaryExit', onExit).off('proposerSlashing', onProposerSlashing)
			pool.off('attesterSlashing', onAttesterSlashing).off('blsToExecutionChange', onBlsChange)
		})
	})
}

function stateRoot(block: ChainBlock): string {
	return toRootHex(block.signedBlock.message.stateRoot)
}

/** The blocks that fixed the duties of the current and the previous epoch: the last ones before each epoch's predecessor ended. */
function dutyRoots(
	chain: BeaconChain,
	slot: number,
): { epochTransition: boolean; previousDutyDependentRoot: string; currentDutyDependentRoot: string } {
	const epochStart = computeStartSlotAtEpoch(computeEpochAtSlot(slot))
	const previousEpochStart = computeStartSlotAtEpoch(Math.max(computeEpochAtSlot(slot) - 1, 0))
	return {
		epochTransition: slot === epochStart,
		previousDutyDependentRoot: toRootHex(chain.blockAtOrBefore(previousEpochStart - 1).root),
		currentDutyDependentRoot: toRootHex(chain.blockAtOrBefore(epochStart - 1).root),
	}
}
