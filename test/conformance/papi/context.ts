import type { KeyringPair } from '@polkadot/keyring/types'
import { loadChainSpec } from '@stkr/chain-spec'
import {
	type ChainDefinition,
	createClient,
	type PolkadotClient,
	type PolkadotSigner,
	type Transaction,
	type TxEvent,
	type TypedApi,
} from 'polkadot-api'
import { getPolkadotSigner } from 'polkadot-api/signer'
import { getWsProvider } from 'polkadot-api/ws'
import { type DevNode, startDevNode } from '../dev-node.ts'

/** Our node and a stock PAPI client on it, with no generated code: everything it knows of the chain it reads there. */
export interface Papi {
	dev: DevNode
	client: PolkadotClient
	api: TypedApi<ChainDefinition, false>
}

export const openPapi = async (): Promise<Papi> => {
	const dev = await startDevNode(await loadChainSpec('dev'), 'instant')
	const client = createClient(getWsProvider(dev.url))
	return { dev, client, api: client.getUnsafeApi() }
}

export const closePapi = async ({ client, dev }: Papi): Promise<void> => {
	client.destroy()
	await dev.close()
}

/** PAPI's signer over an sr25519 pair. */
export const signerOf = (pair: KeyringPair): PolkadotSigner => getPolkadotSigner(pair.publicKey, 'Sr25519', (input) => pair.sign(input))

type Options = Parameters<Transaction['signSubmitAndWatch']>[1]
export type Finalized = Extract<TxEvent, { type: 'finalized' }>

/** Signs and submits, and gives all that PAPI told, with the final word at the end. */
export const include = (
	transaction: Transaction,
	signer: PolkadotSigner,
	options: Options = {},
): Promise<{ told: string[]; result: Finalized }> =>
	new Promise((resolve, reject) => {
		const told: string[] = []
		transaction.signSubmitAndWatch(signer, options).subscribe({
			next: (event) => {
				told.push(event.type)
				if (event.type === 'finalized') resolve({ told, result: event })
			},
			error: reject,
		})
	})
