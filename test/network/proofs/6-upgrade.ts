import { deepStrictEqual, match, ok, strictEqual } from 'node:assert'
import { connect, findEvent, type StkrClient, signAndFinalize, stkrBalance } from '@stkr/client'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { balances, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { pairOf } from '../../conformance/signers.ts'
import { callOf } from '../../runtime/calls.ts'
import type { Proof } from '../proof.ts'
import type { Rpc } from '../rpc.ts'
import { until } from '../until.ts'

const specVersionOf = async (rpc: Rpc): Promise<number> => (await rpc.call<{ specVersion: number }>('state_getRuntimeVersion')).specVersion

const withClient = async <T>(rpc: Rpc, work: (client: StkrClient) => Promise<T>): Promise<T> => {
	const client = await connect(rpc.ws)
	try {
		return await work(client)
	} finally {
		await client.disconnect()
	}
}

/** CHN-5: the runtime is replaced while the network runs, and no node is touched. */
export const upgrade: Proof = {
	title: 'the runtime is upgraded while the network runs, without a restart, and transfers go on',
	async run({ network, steps }) {
		const nodes = [...network.authors(), network.observer]
		const [{ rpc }] = nodes
		const old = await specVersionOf(rpc)
		const { compressed } = await buildRuntime(old + 1)
		steps.step(`a blob of spec version ${old + 1} is built (${compressed.length} bytes compressed); the chain runs ${old}`)

		const pids = nodes.map(({ pid }) => pid)
		const before = await rpc.best()
		const enacted = await withClient(rpc, async (client) => {
			const { sudo, system } = client.api.tx
			const done = await signAndFinalize(client, sudo.sudo(system.setCode(toHex(compressed))), pairOf('Alice'))
			await steps.check(`sudo's system.setCode is final in block ${done.blockNumber} and updates the code`, () => {
				strictEqual(findEvent(done.events, client.api.events.sudo.Sudid)?.[0].isOk, true)
				ok(findEvent(done.events, client.api.events.system.CodeUpdated))
			})
			return done.blockNumber
		})
		await steps.check(`all ${nodes.length} nodes run spec version ${old + 1}, none was restarted`, async () => {
			await Promise.all(
				nodes.map((node) =>
					until(`the new runtime on ${node.name}`, async () => ((await specVersionOf(node.rpc)) === old + 1 ? true : undefined)),
				),
			)
			deepStrictEqual(
				nodes.map(({ pid }) => pid),
				pids,
			)
		})

		const payee = pairOf('Yann').address
		for (const node of network.authors())
			await steps.check(`a transfer through ${node.name}, signed for the new version, is final and arrives`, () =>
				withClient(node.rpc, async (client) => {
					const { freePlanck } = await stkrBalance(await client.api.at(await client.api.rpc.chain.getFinalizedHead()), payee)
					const done = await signAndFinalize(client, client.api.tx.balances.transferKeepAlive(payee, STKR), pairOf('Bob'))
					strictEqual((await stkrBalance(await client.api.at(done.blockHash), payee)).freePlanck, freePlanck + STKR)
				}),
			)
		await steps.check('one signed for the old version is refused', async () => {
			const eve = pairOf('Eve')
			const transfer = callOf(balances, 'transferKeepAlive', { dest: { type: 'Id', value: eve.publicKey }, value: STKR })
			const nonce = await rpc.call<number>('system_accountNextIndex', eve.address)
			const genesisHash = fromHex((await rpc.hashAt(0))!)
			const extrinsic = toHex(signExtrinsic(eve, transfer, { nonce, genesisHash, specVersion: old }))
			const refusal = await rpc.call<Hash>('author_submitExtrinsic', extrinsic).then(
				() => 'the node took it',
				({ message }: Error) => message,
			)
			match(refusal, /bad signature/i)
		})
		const after = await network.goesOn(1)
		const { finalized, embedded } = await network.mirror()
		await steps.check(
			`blocks went on, ${before.number} to ${after.number}, and the embedded node executes them across the upgrade in block ${enacted}`,
			() => deepStrictEqual(embedded.best, finalized),
		)
	},
}
