import { decodeAddress } from '@polkadot/util-crypto'
import { toHex } from '../crypto/hex.ts'
import { type Handler, type Methods, unsafe } from './handler.ts'
import { callRuntime } from './json.ts'
import { invalidParam, type Params } from './params.ts'

/** Error 8001: a dry run the runtime could not do (polkadot-sdk `frame-rpc-system`). */
const DRY_RUN_FAILED = 8001

function accountParam(params: Params): Uint8Array {
	const address = params.string(0, 'account')
	try {
		return decodeAddress(address)
	} catch {
		throw invalidParam(params.method, 'account', address, 'an SS58 address')
	}
}

/** Next nonce of an account, counting the ready extrinsics of the pool. */
const accountNextIndex: Handler = (params, { node }) => node.pool.nextNonce(accountParam(params))

/** `ApplyExtrinsicResult` (SCALE hex) of an extrinsic on top of a block, nothing kept. */
const dryRun: Handler = (params, { node }) =>
	toHex(callRuntime(node.chain, params.optionalHash(1, 'at'), 'BlockBuilder_apply_extrinsic', params.bytes(0, 'extrinsic'), DRY_RUN_FAILED))

export const system: Methods = {
	system_name: (_, { node }) => node.name,
	system_version: (_, { node }) => node.version,
	system_chain: (_, { node }) => node.chain.name,
	system_chainType: (_, { node }) => node.chain.chainType,
	system_properties: (_, { node }) => node.chain.properties,
	// the embedded node is its network: nothing to sync with, nobody to be connected to
	system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
	system_peers: () => [],
	system_reservedPeers: () => [],
	system_localPeerId: () => '',
	system_localListenAddresses: () => [],
	system_nodeRoles: () => ['Authority'],
	system_syncState: (_, { node }) => {
		const { number } = node.chain.best()
		return { startingBlock: 0, currentBlock: number, highestBlock: number }
	},
	system_accountNextIndex: accountNextIndex,
	account_nextIndex: accountNextIndex,
	system_dryRun: unsafe(dryRun),
	system_dryRunAt: unsafe(dryRun),
}
