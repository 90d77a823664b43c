/** Makes a validator break the rules: two different block headers for one slot, both signed by its key, told to the beacon node. */
import { SecretKey } from '@chainsafe/blst'
import { DOMAIN_BEACON_PROPOSER } from '@lodestar/params'
import { computeDomain, computeSigningRoot, interopSecretKey, ZERO_HASH } from '@lodestar/state-transition'
import { type phase0, ssz } from '@lodestar/types'
import { fromHex } from '@lodestar/utils'
import type { Ethereum } from './devnet.ts'
import { beaconGet } from './validator-life.ts'

/**
 * Has a validator slashed for a double proposal; resolves when the proof waits in the node's pool, from which the next block takes it.
 * @param secretKey the validator's BLS key, 32 bytes; by default that of a genesis validator, which is publicly known
 * @throws with the node's reason if it refuses the proof: unknown, already slashed or exited validator, or another validator's key
 */
export async function slash(
	ethereum: Pick<Ethereum, 'beaconUrl'>,
	validatorIndex: number,
	secretKey: Uint8Array = interopSecretKey(validatorIndex).toBytes(),
): Promise<void> {
	const slashing = await proposerSlashing(ethereum, validatorIndex, SecretKey.fromBytes(secretKey))
	const response = await fetch(`${ethereum.beaconUrl}/eth/v1/beacon/pool/proposer_slashings`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(ssz.phase0.ProposerSlashing.toJson(slashing)),
	})
	if (!response.ok)
		throw new Error(`Validator ${validatorIndex} is not slashed: ${((await response.json()) as { message: string }).message}`)
}

async function proposerSlashing(
	ethereum: Pick<Ethereum, 'beaconUrl'>,
	proposerIndex: number,
	secretKey: SecretKey,
): Promise<phase0.ProposerSlashing> {
	const { genesis_validators_root } = await beaconGet<{ genesis_validators_root: string }>(ethereum, '/eth/v1/beacon/genesis')
	const { current_version } = await beaconGet<{ current_version: string }>(ethereum, '/eth/v1/beacon/states/head/fork')
	const { root, header } = await beaconGet<{ root: string; header: { message: { slot: string } } }>(ethereum, '/eth/v1/beacon/headers/head')
	const domain = computeDomain(DOMAIN_BEACON_PROPOSER, fromHex(current_version), fromHex(genesis_validators_root))
	const signedHeader = (distinction: number): phase0.SignedBeaconBlockHeaderBigint => {
		const message = {
			slot: BigInt(header.message.slot),
			proposerIndex,
			parentRoot: fromHex(root),
			stateRoot: ZERO_HASH,
			bodyRoot: new Uint8Array(ZERO_HASH.length).fill(distinction),
		}
		return { message, signature: secretKey.sign(computeSigningRoot(ssz.phase0.BeaconBlockHeaderBigint, message, domain)).toBytes() }
	}
	return { signedHeader1: signedHeader(1), signedHeader2: signedHeader(2) }
}
