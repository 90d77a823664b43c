/** Signs a transfer without a connection: only the two reads and the submission at the end need one. */
import { Keyring } from '@polkadot/keyring'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { connect } from '@stkr/client'
import { offline, readChainInfo, readSigningMoment } from '@stkr/client/offline'

const client = await connect(process.argv[2] ?? 'ws://127.0.0.1:9944')
await cryptoWaitReady()
const keyring = new Keyring({ type: 'sr25519' })
const [charlie, dave] = [keyring.addFromUri('//Charlie'), keyring.addFromUri('//Dave')]

// carried to the machine with the key
const info = await readChainInfo(client)
const moment = await readSigningMoment(client, charlie.address)

// there, without a network
const chain = offline(info.metadata, info)
const signed = chain.sign(chain.construct('balances.transferKeepAlive', [dave.address, 10n ** 18n], moment), charlie)
const { call, args } = chain.decode(signed)
console.log(`signed ${call} ${JSON.stringify(args)}`)

// and back
const hash = await client.api.rpc.author.submitExtrinsic(signed)
console.log(`submitted ${hash.toHex() === chain.hash(signed) ? 'as' : 'but not as'} ${chain.hash(signed)}`)
await client.disconnect()
