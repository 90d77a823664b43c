import type { Chain, Hash, Header } from '../chain.ts'
import { toHex } from '../crypto/hex.ts'
import type { Handler, Methods } from './handler.ts'
import { headerJson } from './json.ts'
import { invalidParam, readNumber } from './params.ts'

/** Most numbers of one `chain_getBlockHash`. */
const MAX_NUMBERS = 1000

const getBlockHash: Handler = (params, { node: { chain } }) => {
	const asked = params.raw(0, 'number')
	if (asked === undefined || asked === null) return chain.best().hash
	const hashOf = (value: unknown): Hash | null => {
		const number = readNumber(value)
		if (number === undefined)
			throw invalidParam(params.method, 'number', value, 'a block number (whole number or 0x hex) or a list of them')
		return chain.hashOf(number) ?? null
	}
	if (!Array.isArray(asked)) return hashOf(asked)
	if (asked.length > MAX_NUMBERS) throw invalidParam(params.method, 'number', asked.length, `a list of at most ${MAX_NUMBERS} numbers`)
	return asked.map(hashOf)
}

function headerAt(chain: Chain, hash: Hash): ReturnType<typeof headerJson> | null {
	const header = chain.header(hash)
	return header ? headerJson(header) : null
}

const getHeader: Handler = (params, { node: { chain } }) => headerAt(chain, params.optionalHash(0, 'hash') ?? chain.best().hash)

const getBlock: Handler = (params, { node: { chain } }) => {
	const hash = params.optionalHash(0, 'hash') ?? chain.best().hash
	const header = chain.header(hash)
	const body = chain.body(hash)
	if (!header || !body) return null
	const justifications = chain.justifications(hash)
	return {
		block: { header: headerJson(header), extrinsics: body.map(toHex) },
		// lists of numbers, as polkadot-sdk's JSON has them
		justifications:
			justifications.length > 0 ? justifications.map(([engine, data]) => [[...Buffer.from(engine, 'latin1')], [...data]]) : null,
	}
}

type HeadKind = 'best' | 'finalized'

/** Opens a subscription of headers: the current one at once, then each new one. */
function heads(kind: HeadKind, notification: string): Handler {
	return (_, context) => {
		const { chain } = context.node
		const subscription = context.open(notification)
		const push = (header: Header | undefined) => header && subscription.push(headerJson(header))
		const current = chain[kind]()
		push(chain.header(current.hash))
		subscription.onStop(
			kind === 'best'
				? chain.on('best', (block) => push(block.header))
				: // finality is announced a moment after the chain knows it: what was just sent does not come twice
					chain.on('finalized', ({ hash, number }) => number > current.number && push(chain.header(hash))),
		)
		return subscription.id
	}
}

/** Ends a subscription by its id; false when the client has none of that id. */
export const unsubscribe: Handler = (params, context) => context.session().unsubscribe(params.string(0, 'subscription'))

const newHeads = heads('best', 'chain_newHead')
const allHeads = heads('best', 'chain_allHead')
const finalizedHeads = heads('finalized', 'chain_finalizedHead')
const getFinalizedHead: Handler = (_, { node }) => node.chain.finalized().hash

/** Spellings as in polkadot-sdk: older names stay served. */
export const chain: Methods = {
	chain_getBlock: getBlock,
	chain_getBlockHash: getBlockHash,
	chain_getHead: getBlockHash,
	chain_getHeader: getHeader,
	chain_getFinalizedHead: getFinalizedHead,
	chain_getFinalisedHead: getFinalizedHead,
	chain_subscribeNewHeads: newHeads,
	chain_subscribeNewHead: newHeads,
	subscribe_newHead: newHeads,
	chain_unsubscribeNewHeads: unsubscribe,
	chain_unsubscribeNewHead: unsubscribe,
	unsubscribe_newHead: unsubscribe,
	chain_subscribeAllHeads: allHeads,
	chain_unsubscribeAllHeads: unsubscribe,
	chain_subscribeFinalizedHeads: finalizedHeads,
	chain_subscribeFinalisedHeads: finalizedHeads,
	chain_unsubscribeFinalizedHeads: unsubscribe,
	chain_unsubscribeFinalisedHeads: unsubscribe,
}
