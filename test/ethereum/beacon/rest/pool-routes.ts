/** The operation pool: what waits for a block, and how to add to it. */
import { routes } from '@lodestar/api'
import { ApiError } from '@lodestar/api/server'
import type { FastifyInstance } from 'fastify'
import type { BlockSources } from '../block-production.ts'
import { serve } from './serve.ts'

export function registerPoolRoutes(server: FastifyInstance, { chain, pool }: Pick<BlockSources, 'chain' | 'pool'>): void {
	const version = () => ({ version: chain.config.getForkName(chain.head.slot) })

	serve<routes.beacon.Endpoints>(server, routes.beacon.getDefinitions(chain.config), {
		getPoolAttestationsV2: async ({ slot, committeeIndex }) => ({
			data: pool
				.attestations()
				.filter(({ data }) => slot === undefined || data.slot === slot)
				.filter(({ committeeBits }) => committeeIndex === undefined || committeeBits.getTrueBitIndexes().includes(committeeIndex)),
			meta: version(),
		}),
		getPoolVoluntaryExits: async () => ({ data: pool.voluntaryExits() }),
		getPoolProposerSlashings: async () => ({ data: pool.proposerSlashings() }),
		getPoolAttesterSlashingsV2: async () => ({ data: pool.attesterSlashings(), meta: version() }),
		getPoolBLSToExecutionChanges: async () => ({ data: pool.blsToExecutionChanges() }),
		submitPoolVoluntaryExit: async ({ signedVoluntaryExit }) => accept(() => pool.addVoluntaryExit(signedVoluntaryExit, chain.headState)),
		submitPoolProposerSlashings: async ({ proposerSlashing }) => accept(() => pool.addProposerSlashing(proposerSlashing, chain.headState)),
		submitPoolAttesterSlashingsV2: async ({ attesterSlashing }) =>
			accept(() => pool.addAttesterSlashing(attesterSlashing, chain.headState)),
		submitPoolBLSToExecutionChange: async ({ blsToExecutionChanges }) =>
			acceptEach(blsToExecutionChanges, (change) => pool.addBlsToExecutionChange(change, chain.headState)),
	})
}

/** @throws ApiError 400 with the pool's reason if it refuses the operation */
function accept(add: () => void): void {
	try {
		add()
	} catch (error) {
		throw new ApiError(400, reasonOf(error))
	}
}

/** Adds what the pool takes. @throws IndexedError naming what it refuses */
function acceptEach<Operation>(operations: Operation[], add: (operation: Operation) => void): void {
	const failures: IndexedError['failures'] = []
	for (const [index, operation] of operations.entries()) {
		try {
			add(operation)
		} catch (error) {
			failures.push({ index, message: reasonOf(error) })
		}
	}
	if (failures.length > 0) throw new IndexedError(failures)
}

/** The Beacon API's answer to a list of operations of which some are refused. */
class IndexedError extends ApiError {
	readonly failures: { index: number; message: string }[]

	constructor(failures: IndexedError['failures']) {
		super(400, `Refused: ${failures.map(({ index, message }) => `[${index}] ${message}`).join('; ')}`)
		this.failures = failures
	}
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error)
}
