import { encodeAddress } from '@polkadot/util-crypto'
import type { Chain, Hash } from '../chain.ts'
import { toHex } from '../crypto/hex.ts'
import { concatBytes, encodeBytes, encodeCompact, ScaleReader } from '../scale/codec.ts'
import { unsubscribe } from './chain.ts'
import type { Handler, Methods } from './handler.ts'
import { callRuntime } from './json.ts'
import { RpcError } from './protocol.ts'

/** Engine id of GRANDPA justifications. */
const GRANDPA_ENGINE = 'FRNK'

/** Error codes of polkadot-sdk `sc-consensus-grandpa-rpc`. */
const NOT_READY = 1
const PROVE_FINALITY_FAILED = 4

function justificationOf(chain: Chain, hash: Hash): Uint8Array | undefined {
	return chain.justifications(hash).find(([engine]) => engine === GRANDPA_ENGINE)?.[1]
}

/** The round that made the finalized head final. The embedded node's authorities vote in one step: no round is ever left open. */
const roundState: Handler = (_, { node: { chain } }) => {
	const justification = justificationOf(chain, chain.finalized().hash)
	if (!justification) throw new RpcError(NOT_READY, 'GRANDPA RPC endpoint not ready', 'no block was finalized by GRANDPA yet')
	const runtime = (method: string) => new ScaleReader(callRuntime(chain, undefined, method, new Uint8Array()))
	const reader = runtime('GrandpaApi_grandpa_authorities')
	const authorities = reader.vec(() => ({ id: encodeAddress(reader.take(32)), weight: Number(reader.u64()) }))
	const totalWeight = authorities.reduce((sum, { weight }) => sum + weight, 0)
	const votes = votersOf(justification)
	const missing = authorities.filter(({ id }) => !votes.has(id))
	const cast = { currentWeight: totalWeight - missing.reduce((sum, { weight }) => sum + weight, 0), missing: missing.map(({ id }) => id) }
	return {
		setId: Number(runtime('GrandpaApi_current_set_id').u64()),
		best: {
			round: Number(new ScaleReader(justification).u64()),
			totalWeight,
			thresholdWeight: totalWeight - Math.floor((totalWeight - 1) / 3),
			prevotes: cast,
			precommits: cast,
		},
		background: [],
	}
}

/** Who signed: `GrandpaJustification { round: u64, commit: { target: (hash, u32), precommits: [(hash, u32), signature, id] }, … }`. */
function votersOf(justification: Uint8Array): Set<string> {
	const reader = new ScaleReader(justification)
	reader.take(8 + 32 + 4)
	return new Set(
		reader.vec(() => {
			reader.take(32 + 4 + 64)
			return encodeAddress(reader.take(32))
		}),
	)
}

/** SCALE `FinalityProof { block, justification, unknown_headers }`: the first justified block at or above the number, and the headers up to it. */
const proveFinality: Handler = (params, { node: { chain } }) => {
	const asked = params.number(0, 'number')
	const { number: finalized } = chain.finalized()
	if (asked > finalized) {
		throw new RpcError(
			PROVE_FINALITY_FAILED,
			`GRANDPA prove finality rpc failed: Block not yet finalized: ${asked}, the finalized head is ${finalized}`,
		)
	}
	const headers: Uint8Array[] = []
	for (let number = asked; number <= finalized; number++) {
		const hash = chain.hashOf(number)
		const encoded = hash && chain.encodedHeader(hash)
		if (!hash || !encoded) return null
		if (number > asked) headers.push(encoded)
		const justification = justificationOf(chain, hash)
		if (justification) {
			return toHex(concatBytes(Buffer.from(hash.slice(2), 'hex'), encodeBytes(justification), encodeCompact(headers.length), ...headers))
		}
	}
	return null
}

const subscribeJustifications: Handler = (_, context) => {
	const { chain } = context.node
	const subscription = context.open('grandpa_justifications')
	subscription.onStop(
		chain.on('finalized', ({ hash }) => {
			const justification = justificationOf(chain, hash)
			if (justification) subscription.push(toHex(justification))
		}),
	)
	return subscription.id
}

export const grandpa: Methods = {
	grandpa_roundState: roundState,
	grandpa_proveFinality: proveFinality,
	grandpa_subscribeJustifications: subscribeJustifications,
	grandpa_unsubscribeJustifications: unsubscribe,
}
