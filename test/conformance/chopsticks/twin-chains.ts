import { ApiPromise, WsProvider } from '@polkadot/api'
import type { RawSpec } from '@stkr/chain-spec'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { type DevNode, startDevNode, stateOf } from '../dev-node.ts'
import { pairOf } from '../signers.ts'
import { type Fork, startChopsticks } from './fork.ts'
import { outcomesOf } from './outcome.ts'
import { SLOT_MS } from './spec.ts'
import type { Step } from './steps.ts'

export interface StepResult {
	/** Signer and call, such as `Alice: sudo.sudo(system.setStorage)`. */
	title: string
	/** Names of the calls made, those inside sudo and batches too. */
	calls: string[]
	expected: string
	ours: string
	theirs: string
}

export interface BlockResult {
	number: number
	steps: StepResult[]
	/** Keys of the state. */
	keys: number
	/** Keys whose values differ or that only one side has, with the reason's beginning. */
	differences: string[]
}

/**
 * What differs by nature: chopsticks gives its genesis the hash 0x45…45 and its headers no true roots, so every block hash is its own.
 * They are in `System.ParentHash` and `System.BlockHash`, and nowhere else.
 */
const PARENT_HASH = '0x26aa394eea5630e07c48ae0c9558cef78a42f33323cb5ced3b44dd825fda9fcc'
const BLOCK_HASH = '0x26aa394eea5630e07c48ae0c9558cef7a44704b568d21667356a5a050c118746'
const differsByNature = (key: string): boolean => key === PARENT_HASH || key.startsWith(BLOCK_HASH)

/** One chain and an unmodified polkadot.js on it. */
interface Side {
	provider: WsProvider
	api: ApiPromise
}

const connect = async (url: string): Promise<Side> => {
	const provider = new WsProvider(url)
	return { provider, api: await ApiPromise.create({ provider, noInitWarn: true }) }
}

interface Call {
	section: string
	method: string
	args: unknown
}

const nested = (argument: unknown): Call[] => {
	const candidates = Array.isArray(argument) ? argument : [argument]
	return candidates.filter((item): item is Call => typeof item === 'object' && item !== null && 'section' in item && 'method' in item)
}

const describe = ({ section, method, args }: Call): { title: string; names: string[] } => {
	const inner = (args as unknown[]).flatMap(nested).map(describe)
	const title = `${section}.${method}${inner.length > 0 ? `(${inner.map((item) => item.title).join(', ')})` : ''}`
	return { title, names: [`${section}.${method}`, ...inner.flatMap(({ names }) => names)] }
}

/** Our node and chopsticks from one raw genesis, given the same calls block by block, each through its own unmodified polkadot.js. */
export class TwinChains {
	readonly ours: DevNode
	readonly #fork: Fork
	#ourSide: Side
	#theirSide: Side
	readonly #nonces = new Map<DevName, number>()
	#timeMs: bigint

	private constructor(ours: DevNode, fork: Fork, ourSide: Side, theirSide: Side, timeMs: bigint) {
		this.ours = ours
		this.#fork = fork
		this.#ourSide = ourSide
		this.#theirSide = theirSide
		this.#timeMs = timeMs
	}

	static async open(spec: RawSpec): Promise<TwinChains> {
		const ours = await startDevNode(spec)
		const fork = await startChopsticks(spec)
		const theirs = await connect(fork.url)
		const timeMs = BigInt((await theirs.api.query.timestamp.now()).toString())
		await ours.seal(Number(timeMs))
		return new TwinChains(ours, fork, await connect(ours.url), theirs, timeMs)
	}

	get api(): ApiPromise {
		return this.#ourSide.api
	}

	/** Makes one block of these calls on both sides. The calls of one signer stay in order; those of several may not. */
	async block(steps: readonly Step[]): Promise<BlockResult> {
		const titles = new Map<string, { title: string; calls: string[]; nonce: number; step: Step }>()
		for (const step of steps) {
			const nonce = this.#nonces.get(step.by) ?? 0
			this.#nonces.set(step.by, nonce + 1)
			const { hex, extrinsic } = await this.#sign(this.#ourSide.api, step, nonce)
			const { title, names } = describe(extrinsic.method as unknown as Call)
			titles.set(hex, { title: `${step.by}: ${title}`, calls: names, nonce, step })
			await this.#ourSide.api.rpc.author.submitExtrinsic(hex)
		}
		this.#timeMs += SLOT_MS
		const ref = await this.ours.seal(Number(this.#timeMs))
		// chopsticks takes extrinsics as they come; ours orders them by priority, so ours says the order
		const order = this.ours.node.chain
			.body(ref.hash)!
			.slice(1)
			.map((bytes) => titles.get(`0x${Buffer.from(bytes).toString('hex')}`)!)
		if (order.length !== steps.length) throw new Error(`block ${ref.number} took ${order.length} of ${steps.length} extrinsics`)
		for (const { step, nonce } of order)
			await this.#theirSide.api.rpc.author.submitExtrinsic((await this.#sign(this.#theirSide.api, step, nonce)).hex)
		const theirHash = await this.#theirSide.provider.send<string>('dev_newBlock', [])
		const [ours, theirs] = [await outcomesOf(this.#ourSide.api, ref.hash), await outcomesOf(this.#theirSide.api, theirHash)]
		const { keys, differences } = await this.#compare(ref.hash)
		return {
			number: ref.number,
			keys,
			differences,
			steps: order.map(({ title, calls, step }, i) => ({
				title,
				calls,
				expected: step.outcome,
				ours: ours[i + 1],
				theirs: theirs[i + 1] ?? 'not in the block',
			})),
		}
	}

	/** What both sides say to an extrinsic they must refuse. */
	async refusals(step: Step): Promise<{ ours: string; theirs: string }> {
		const nonce = this.#nonces.get(step.by) ?? 0
		const refusal = async (api: ApiPromise): Promise<string> => {
			const { hex } = await this.#sign(api, step, nonce)
			const validity = await api.call.taggedTransactionQueue.validateTransaction('External', hex, await api.rpc.chain.getBlockHash())
			return validity.toString()
		}
		return { ours: await refusal(this.#ourSide.api), theirs: await refusal(this.#theirSide.api) }
	}

	/** Connects anew, as polkadot.js must after an upgrade unless it waits for its subscription. */
	async reconnect(): Promise<void> {
		await Promise.all([this.#ourSide.api.disconnect(), this.#theirSide.api.disconnect()])
		this.#ourSide = await connect(this.ours.url)
		this.#theirSide = await connect(this.#fork.url)
	}

	async #sign(api: ApiPromise, step: Step, nonce: number) {
		const extrinsic = await step.make(api)
		const signed = await extrinsic.signAsync(pairOf(step.by), { nonce, tip: step.tipPlanck ?? 0n, ...(step.immortal ? { era: 0 } : {}) })
		return { hex: signed.toHex(), extrinsic: signed }
	}

	async #compare(ourHash: `0x${string}`): Promise<{ keys: number; differences: string[] }> {
		const [ours, theirs] = [stateOf(this.ours.node, ourHash), await this.#fork.state()]
		const differences = [...new Set([...ours.keys(), ...theirs.keys()])]
			.filter((key) => !differsByNature(key) && ours.get(key) !== theirs.get(key))
			.map((key) => `${key}: ${(ours.get(key) ?? 'absent').slice(0, 140)} against ${(theirs.get(key) ?? 'absent').slice(0, 140)}`)
		return { keys: ours.size, differences }
	}

	async close(): Promise<void> {
		await Promise.all([this.#ourSide.api.disconnect(), this.#theirSide.api.disconnect()])
		await this.#fork.close()
		await this.ours.close()
	}
}
