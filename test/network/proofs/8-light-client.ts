import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { join } from 'node:path'
import { encodeAddress } from '@polkadot/util-crypto'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { encodeU32, ScaleReader } from '@stkr/node/src/scale/codec.ts'
import { signerOf } from '../../conformance/papi/context.ts'
import { pairOf } from '../../conformance/signers.ts'
import { LightClient } from '../light-client.ts'
import type { Network } from '../network.ts'
import type { Proof } from '../proof.ts'
import type { Rpc } from '../rpc.ts'
import type { Steps } from '../steps.ts'
import { until } from '../until.ts'
import { within } from '../within.ts'

/** Blocks it follows under new voters. */
const AFTER_CHANGE = 6
/** Nobody has the key of the last one: a proof shows that too. */
const ACCOUNTS = [pairOf('Alice').publicKey, pairOf('Bob').publicKey, new Uint8Array(32).fill(7)].map((publicKey) => ({
	publicKey,
	address: encodeAddress(publicKey),
}))
/** SCALE metadata: `meta`, then the version. */
const METADATA_VERSION_AT = 4

const bytesOf = (reader: ScaleReader): Uint8Array => reader.take(reader.compact())

/** What a full node's runtime answers on the state after a block. */
const ask = async (rpc: Rpc, method: string, data: Uint8Array, at: string): Promise<ScaleReader> =>
	new ScaleReader(fromHex(await rpc.call<Hash>('state_call', method, toHex(data), at)))

const setIdAt = async (rpc: Rpc, at: string): Promise<bigint> => (await ask(rpc, 'GrandpaApi_current_set_id', new Uint8Array(), at)).u64()

/** Compares what smoldot shows of its finalized head with what a full node has there. */
const compare = async (name: string, light: LightClient, network: Network, steps: Steps): Promise<void> => {
	const { rpc } = network.authors()[0]
	const { client } = light
	const api = client.getUnsafeApi()
	const { number, hash } = await light.finalizes((await rpc.finalized()).number)
	const release = client.hodlBlock(hash)
	try {
		await steps.check(`${name}: its finalized head, block ${number}, is final on the full nodes too`, async () =>
			strictEqual(hash, (await network.isFinal(number)).hash),
		)
		await steps.check(`${name}: accounts by state proof, one of them absent, are byte for byte those of a full node`, async () => {
			for (const { address } of ACCOUNTS) {
				const key = await within('a storage key', api.query.System.Account.getKey(address))
				const shown = await within(`the account ${address}`, client.rawQuery(key, { at: hash }))
				strictEqual(shown, await rpc.call('state_getStorage', key, hash))
			}
			const alice = await within('an account', api.query.System.Account.getValue(ACCOUNTS[0].address, { at: hash }))
			const { nonce, data } = alice as { nonce: number; data: { free: bigint } }
			steps.step(`Alice at block ${number}: nonce ${nonce}, ${data.free} plancks free`)
		})
		await steps.check(`${name}: it runs the runtime, on proofs of what that reads, to the nonces a full node gets`, async () => {
			for (const { address, publicKey } of ACCOUNTS) {
				const shown = await within('a runtime call', api.apis.AccountNonceApi.account_nonce(address, { at: hash }))
				strictEqual(shown, (await ask(rpc, 'AccountNonceApi_account_nonce', publicKey, hash)).u32())
			}
		})
		await steps.check(`${name}: metadata is byte for byte a full node's`, async () => {
			const shown = await within('metadata', client.getMetadata(hash))
			const answer = await ask(rpc, 'Metadata_metadata_at_version', encodeU32(shown[METADATA_VERSION_AT]), hash)
			strictEqual(answer.u8(), 1, 'there is metadata of this version')
			ok(Buffer.from(shown).equals(bytesOf(answer)))
			steps.step(`metadata version ${shown[METADATA_VERSION_AT]}, ${shown.length} bytes`)
		})
		await steps.check(`${name}: the runtime version is a full node's`, async () => {
			const shown = (await within('the runtime version', api.apis.Core.version({ at: hash }))) as {
				spec_name: string
				spec_version: number
			}
			const { specName, specVersion } = await rpc.call<{ specName: string; specVersion: number }>('state_getRuntimeVersion', hash)
			deepStrictEqual([shown.spec_name, shown.spec_version], [specName, specVersion])
		})
	} finally {
		release()
	}
}

/**
 * Has the validators take turns in another order from the next session on, through the light client: to GRANDPA that is a new set.
 * Gives the number of a block that is final under it.
 */
const reorder = async (light: LightClient, rpc: Rpc, steps: Steps): Promise<number> => {
	const api = light.client.getUnsafeApi()
	const before = await setIdAt(rpc, (await rpc.finalized()).hash)
	const validators = (await within('the validators', api.query.Session.Validators.getValue())) as string[]
	const call = api.tx.Session.set_validators({ validators: [...validators.slice(1), validators[0]] })
	const signed = api.tx.Sudo.sudo({ call: call.decodedCall }).signAndSubmit(signerOf(pairOf('Alice')))
	// It finds the call in the bodies of blocks, and takes none that does not give the extrinsics root of its header (state version 0).
	const { ok: done, block } = await within('smoldot to find a call sent through it in a final block', signed)
	await steps.check(`a call signed and sent through it is in block ${block.number} of the full nodes`, async () => {
		ok(done)
		strictEqual(block.hash, await rpc.hashAt(block.number))
	})
	return until('a new set of voters', async () => {
		const { number, hash } = await rpc.finalized()
		const setId = await setIdAt(rpc, hash)
		if (setId === before) return undefined
		steps.step(`set ${setId} of the voters follows set ${before}, at block ${number} at the latest`)
		return number
	})
}

/** CHN-1: whoever has the raw spec alone can follow the chain and read it, with no trust in a node. */
export const lightClient: Proof = {
	title: 'smoldot follows the network as a light client of the raw spec, and shows what the full nodes have',
	async run({ network, steps, dir }) {
		const { spec } = network
		const nodes = network.authors()
		const { rpc } = nodes[0]
		const open: LightClient[] = []
		const follow = async (transport: 'TCP' | 'WebSocket'): Promise<LightClient> => {
			const bootNodes = nodes.map((node) => (transport === 'TCP' ? node.address : node.webSocketAddress))
			const target = (await rpc.finalized()).number
			const started = performance.now()
			const light = await LightClient.open({ spec, bootNodes, transport, logFile: join(dir, `smoldot-${transport}.log`) })
			open.push(light)
			const head = await light.finalizes(target)
			const seconds = ((performance.now() - started) / 1000).toFixed(1)
			steps.step(`over ${transport} it is at finalized block ${head.number}, from genesis, in ${seconds} s`)
			return light
		}
		try {
			const light = await follow('WebSocket')
			await compare('over WebSocket', light, network, steps)
			const changed = await reorder(light, rpc, steps)
			await light.finalizes(changed + AFTER_CHANGE)
			await steps.check(
				`it followed over the change of voters: ${light.heads.length} finalized heads, all of the full nodes' chain`,
				async () =>
					deepStrictEqual(
						light.heads.map(({ hash }) => hash),
						await Promise.all(light.heads.map(({ number }) => rpc.hashAt(number))),
					),
			)
			const late = await follow('TCP')
			await compare('over TCP, started after the change', late, network, steps)
			await steps.check('smoldot has nothing against the runtime', () =>
				deepStrictEqual(
					open.flatMap(({ complaints }) => complaints),
					[],
				),
			)
		} finally {
			await Promise.all(open.map((light) => light.close()))
		}
	},
}
