import { type Handler, type Methods, unsafe } from './handler.ts'
import { invalidParam } from './params.ts'
import { RpcError } from './protocol.ts'

/** Most blocks of one `dev_newBlock`. */
const MAX_BLOCKS = 1000

/** Error 12000: nothing to put into a block that may not be empty (polkadot-sdk manual seal). */
const EMPTY_POOL = 12_000

/** A block on demand, as polkadot-sdk's manual seal answers. */
const createBlock: Handler = async (params, { node: { chain, author } }) => {
	const [allowEmpty, finalize] = [params.boolean(0, 'createEmpty'), params.boolean(1, 'finalize')]
	const parent = params.optionalHash(2, 'parentHash')
	if (parent && parent !== chain.best().hash)
		throw invalidParam(params.method, 'parentHash', parent, `the best block (${chain.best().hash}): this node makes no forks`)
	const before = chain.best().hash
	const { hash } = await author.seal({ allowEmpty, finalize })
	if (hash === before) {
		throw new RpcError(EMPTY_POOL, 'Transaction pool is empty, set createEmpty to true if you want to create empty blocks')
	}
	return {
		hash,
		aux: {
			header_only: false,
			clear_justification_requests: false,
			needs_justification: false,
			bad_justification: false,
			is_new_best: true,
		},
	}
}

/** Makes `count` blocks (default 1) now; gives the last one's hash. `timestamp` (ms) is the first block's. */
const newBlock: Handler = async (params, { node: { author } }) => {
	const given = params.raw(0, 'options')
	const options = params.fields(typeof given === 'object' && given !== null ? { ...given } : {})
	const count = options.optionalNumber(0, 'count') ?? 1
	if (count < 1 || count > MAX_BLOCKS) throw invalidParam(params.method, 'count', count, `1 to ${MAX_BLOCKS}`)
	let { hash } = await author.seal({ timestampMs: options.optionalNumber(0, 'timestamp'), allowEmpty: true })
	for (let made = 1; made < count; made++) hash = (await author.seal({ allowEmpty: true })).hash
	return hash
}

export const dev: Methods = {
	engine_createBlock: unsafe(createBlock),
	dev_newBlock: unsafe(newBlock),
}
