/** Who the node is on its network: a key of its own with peer id and node record. It listens for no peers, so no address is told. */
import type { routes } from '@lodestar/api'
import type { BeaconConfig } from '@lodestar/config'
import { FAR_FUTURE_EPOCH } from '@lodestar/params'
import { ssz } from '@lodestar/types'
import { base58Encode } from '@polkadot/util-crypto/base58'
import { bytesToHex, concat, type Hex, hexToBytes, keccak256, stringToHex, toRlp } from 'viem'
import { generatePrivateKey, privateKeyToAccount, sign } from 'viem/accounts'

/** libp2p: the identity multihash of a protobuf message {type: Secp256k1, data: 33 bytes}. */
const PEER_ID_PREFIX: Hex = '0x002508021221'

/** A new identity; its node record carries the fork of the chain's start. */
export async function createNetworkIdentity(config: BeaconConfig): Promise<routes.node.NetworkIdentity> {
	const privateKey = generatePrivateKey()
	const publicKey = compressed(privateKeyToAccount(privateKey).publicKey)
	return {
		peerId: base58Encode(hexToBytes(concat([PEER_ID_PREFIX, publicKey]))),
		enr: await nodeRecord(config, privateKey, publicKey),
		p2pAddresses: [],
		discoveryAddresses: [],
		metadata: ssz.altair.Metadata.defaultValue(),
	}
}

/** EIP-778, "v4" identity scheme: the signature covers the sequence number and the pairs, which are sorted by key. */
async function nodeRecord(config: BeaconConfig, privateKey: Hex, publicKey: Hex): Promise<string> {
	const eth2 = ssz.phase0.ENRForkID.serialize({
		forkDigest: config.forkBoundary2ForkDigest(config.getForkBoundaryAtEpoch(0)),
		nextForkVersion: config.ELECTRA_FORK_VERSION,
		nextForkEpoch: FAR_FUTURE_EPOCH,
	})
	const content: Hex[] = [
		'0x01',
		...[stringToHex('eth2'), bytesToHex(eth2)],
		...[stringToHex('id'), stringToHex('v4')],
		...[stringToHex('secp256k1'), publicKey],
	]
	const { r, s } = await sign({ hash: keccak256(toRlp(content)), privateKey })
	const record = hexToBytes(toRlp([concat([r, s]), ...content]))
	return `enr:${Buffer.from(record).toString('base64url')}`
}

/** SEC 1: the x coordinate after a byte that tells whether y is even. */
function compressed(uncompressed: Hex): Hex {
	const point = hexToBytes(uncompressed)
	return concat([point[64] % 2 === 0 ? '0x02' : '0x03', bytesToHex(point.subarray(1, 33))])
}
