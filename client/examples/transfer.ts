/** Moves 1 STKR from Alice to Bob on a dev chain, and shows how a failure reads. */
import { Keyring } from '@polkadot/keyring'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { CallError, connect, signAndFinalize, stkrBalance } from '@stkr/client'

const STKR = 10n ** 18n

const client = await connect(process.argv[2] ?? 'ws://127.0.0.1:9944')
await cryptoWaitReady()
const keyring = new Keyring({ type: 'sr25519' })
const [alice, bob] = [keyring.addFromUri('//Alice'), keyring.addFromUri('//Bob')]

const { blockNumber, feePlanck } = await signAndFinalize(client, client.api.tx.balances.transferKeepAlive(bob.address, STKR), alice)
const { freePlanck } = await stkrBalance(client.api, bob.address)
console.log(`final in block ${blockNumber} for a fee of ${feePlanck} plancks; Bob has ${freePlanck / STKR} STKR`)

try {
	await signAndFinalize(client, client.api.tx.microPool.exit(999), bob)
} catch (error) {
	if (!(error instanceof CallError)) throw error
	console.log(`refused: ${error.pallet}.${error.error}: ${error.docs}`)
}
await client.disconnect()
