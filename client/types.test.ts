import { beforeAll, describe, expect, it } from 'vitest'
import { diagnose, diagnoseFiles } from './testing/compile.ts'

const START = `import { type StkrApi, type StkrClient, findEvent, joinPool } from './index.ts'
import type { KeyringPair } from '@polkadot/keyring/types'
import { offline } from './offline.ts'
import type { u64 } from '@polkadot/types-codec'
declare const api: StkrApi
declare const client: StkrClient
declare const pair: KeyringPair
const chain = offline('0x', { genesisHash: '0x' })
const moment = { address: '', nonce: 0, blockHash: '0x', blockNumber: 0 } as const
type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
`

/** What compiles. */
const RIGHT: Record<string, string> = {
	'a call': `api.tx.balances.transferKeepAlive('5Grw', 10n ** 18n)`,
	'a call within a call': `api.tx.utility.batchAll([api.tx.liquidStaking.claim(), api.tx.microPool.exit(1)])`,
	'a storage value': `const now = await api.query.timestamp.now()
const right: Is<typeof now, u64> = true`,
	'a call within a runtime API': `await api.call.transactionPaymentCallApi.queryCallInfo(api.tx.liquidStaking.claim().method, 3)`,
	'fields of a storage struct': `const free: bigint = (await api.query.system.account('5Grw')).data.free.toBigInt()`,
	'an optional storage item': `const provider: string = (await api.query.microPool.pools(1)).unwrap().provider.toString()`,
	'a double map': `await api.query.microPool.members(1, '5Grw')`,
	'a state in the past': `await (await api.at('0x')).query.microPool.pools(1)`,
	'an event': `const pool: number | undefined = findEvent([], api.events.microPool.Opened)?.pool.toNumber()`,
	'an error': `api.errors.microPool.PoolEnded.meta.docs`,
	'a constant': `const wei: bigint = api.consts.microPool.minJoinWei.toBigInt()`,
	'a runtime API': `const scaled: bigint = (await api.call.fixedPointApi.exp(1n)).asOk.toBigInt()`,
	'an offline call': `chain.construct('balances.transferKeepAlive', ['5Grw', 5n], moment)`,
	'session keys': `api.tx.session.setKeys({ aura: '0x', grandpa: '0x' }, '0x')`,
	'evidence of an offence': `api.tx.offences.reportGrandpaEquivocation({ setId: 0n, equivocation: {} }, { session: 0, validators: [] })`,
	'an RPC': `await api.rpc.chain.getFinalizedHead()`,
}

/** What must not compile, and a part of what the compiler says of it. */
const WRONG: Record<string, [code: string, says: string]> = {
	'a pallet of stock Substrate in tx': ['api.tx.staking.bond(1n)', `'staking' does not exist`],
	'a pallet of stock Substrate in query': ['api.query.staking.validators()', `'staking' does not exist`],
	'a pallet of stock Substrate in events': ['api.events.staking.Bonded', `'staking' does not exist`],
	'a pallet of stock Substrate in errors': ['api.errors.staking.NotStash', `'staking' does not exist`],
	'a pallet of stock Substrate in consts': ['api.consts.staking.sessionsPerEra', `'staking' does not exist`],
	'a runtime API of stock Substrate': ['api.call.babeApi.configuration()', `'babeApi' does not exist`],
	'an unknown call': ['api.tx.balances.transferAllow()', `'transferAllow' does not exist`],
	'a call of stock Substrate': ['api.tx.balances.upgradeAccounts([])', `'upgradeAccounts' does not exist`],
	'an unknown storage item': ['api.query.system.accounts()', `'accounts' does not exist`],
	'an unknown storage item in the past': [`(await api.at('0x')).query.system.accounts()`, `'accounts' does not exist`],
	'a storage item of stock Substrate in a pallet of ours': ['api.query.session.queuedKeys()', `'queuedKeys' does not exist`],
	'an unknown event': ['api.events.microPool.Closed', `'Closed' does not exist`],
	'an unknown error': ['api.errors.microPool.PoolFull', `'PoolFull' does not exist`],
	'an unknown constant': ['api.consts.balances.maxLocks', `'maxLocks' does not exist`],
	'an unknown runtime API method': ['api.call.fixedPointApi.sin(1n)', `'sin' does not exist`],
	'an unknown field of a struct': [`(await api.query.system.account('5Grw')).data.locked`, `'locked' does not exist`],
	'an unknown field of an event': ['findEvent([], api.events.microPool.Opened)?.owner', `'owner' does not exist`],
	'an argument too few': [`api.tx.balances.transferKeepAlive('5Grw')`, 'Expected 2 arguments'],
	'an argument too many': [`api.tx.liquidStaking.claim(1n)`, 'Expected 0 arguments'],
	'an argument of a wrong type': [`api.tx.microPool.join(1, { wei: 1n })`, `'wei' does not exist`],
	'an unknown variant': [`api.tx.escrow.attestOutcome(1n, 'Lost')`, 'not assignable'],
	'a key too few': ['api.query.microPool.members(1, {})', 'not assignable'],
	'an unknown offline call': [`chain.construct('staking.bond', [], moment)`, 'not assignable'],
	'an unknown pallet of an offline call': [`chain.construct('balances.bond', [], moment)`, 'not assignable'],
	'an offline argument too few': [`chain.construct('balances.transferKeepAlive', ['5Grw'], moment)`, 'not assignable'],
	'an amount that is no bigint': [`joinPool(client, pair, { poolId: 1, stakeWei: 1e18 })`, 'not assignable'],
	'derived queries of stock Substrate': ['api.derive.staking', `'derive' does not exist`],
	'an RPC section of other chains': ['api.rpc.contracts', `'contracts' does not exist`],
}

describe('types', () => {
	let said: Record<string, string[]>
	beforeAll(() => {
		const wrong = Object.fromEntries(Object.entries(WRONG).map(([name, [code]]) => [name, code]))
		said = diagnose(
			Object.fromEntries(Object.entries({ ...RIGHT, ...wrong }).map(([name, code]) => [name, `${START}${code}\nexport {}\n`])),
		)
	})

	it.each(Object.keys(RIGHT))('CLI-1 lets pass %s', (name) => {
		expect(said[name]).toEqual([])
	})

	it.each(Object.keys(WRONG))('CLI-1 refuses %s', (name) => {
		expect(said[name]).toEqual([expect.stringContaining(WRONG[name][1])])
	})

	it('CLI-1 has no unresolved name in the generated types, which would type anything', () => {
		const generated = ['consts', 'errors', 'events', 'lookup', 'query', 'runtime', 'tx'].map((part) => `dist/${part}.d.ts`)
		expect(diagnoseFiles(generated)).toEqual([])
	})
})
