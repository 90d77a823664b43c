import { ApiPromise, WsProvider } from '@polkadot/api'
import type { SignerOptions, SubmittableExtrinsic } from '@polkadot/api/types'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { u128 } from '@polkadot/types'
import type { AccountInfo } from '@polkadot/types/interfaces'
import type { ISubmittableResult } from '@polkadot/types/types'
import { loadChainSpec } from '@stkr/chain-spec'
import { type DevNode, startDevNode } from '../dev-node.ts'

/** Our node and an unmodified polkadot.js on it. */
export interface PolkadotJs {
	dev: DevNode
	provider: WsProvider
	api: ApiPromise
}

export const openPolkadotJs = async (): Promise<PolkadotJs> => {
	const dev = await startDevNode(await loadChainSpec('dev'))
	const provider = new WsProvider(dev.url)
	const api = await ApiPromise.create({ provider, noInitWarn: true })
	return { dev, provider, api }
}

export const closePolkadotJs = async ({ api, dev }: PolkadotJs): Promise<void> => {
	await api.disconnect()
	await dev.close()
}

export type Extrinsic = SubmittableExtrinsic<'promise'>
export const STKR = 10n ** 18n

/** Signs and sends, makes a block as soon as the pool has the extrinsic, and waits until it is final. Rejects when it is refused. */
export const include = (
	{ dev }: PolkadotJs,
	extrinsic: Extrinsic,
	pair: KeyringPair,
	options: Partial<SignerOptions> = {},
): Promise<ISubmittableResult> =>
	new Promise((resolve, reject) => {
		extrinsic
			.signAndSend(pair, options, (result) => {
				if (result.status.isReady) dev.seal().catch(reject)
				if (result.isFinalized) resolve(result)
				if (result.isError) reject(new Error(`the extrinsic ended as ${result.status.type}`))
			})
			.catch(reject)
	})

export const accountOf = async ({ api }: PolkadotJs, address: string): Promise<{ nonce: number; freePlanck: bigint }> => {
	const { nonce, data } = (await api.query.system.account(address)) as unknown as AccountInfo
	return { nonce: nonce.toNumber(), freePlanck: data.free.toBigInt() }
}

/** `section.method` of an extrinsic's events, in order. */
export const eventsOf = ({ events }: ISubmittableResult): string[] => events.map(({ event }) => `${event.section}.${event.method}`)

/** The fee and tip an extrinsic paid, in plancks, as `TransactionFeePaid` says. */
export const feeOf = ({ events }: ISubmittableResult): { feePlanck: bigint; tipPlanck: bigint } => {
	const paid = events.find(({ event }) => event.section === 'transactionPayment' && event.method === 'TransactionFeePaid')
	if (!paid) throw new Error('the extrinsic paid no fee')
	const [, fee, tip] = paid.event.data as unknown as [unknown, u128, u128]
	return { feePlanck: fee.toBigInt(), tipPlanck: tip.toBigInt() }
}
