import { ascii, compareBytes, concatBytes } from '../../frame/bytes.ts'
import { host } from '../../frame/host.ts'
import type { Order } from './orders.ts'

/** Where a signature is good: one escrow contract on one Ethereum chain. */
export interface Domain {
	chainId: bigint
	/** 20 bytes. */
	contract: Uint8Array
}

const DOMAIN_TYPE = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'
const RELEASE_TYPE = 'Release(uint256 nonce,address asset,uint256 amount,address recipient,uint64 expiry,uint64 witnessSetId)'
const STAKE_TYPE =
	'Stake(uint256 nonce,bytes pubkey,bytes signature,bytes32 depositDataRoot,uint256 amount,uint64 expiry,uint64 witnessSetId)'

const hash = (text: string): Uint8Array => host.keccak256(ascii(text))

/** ABI word of an unsigned integer: 32 bytes, big-endian. */
const uint = (value: bigint): Uint8Array => {
	const out = new Uint8Array(32)
	let rest = value
	for (let i = 31; rest > 0n; i--) {
		out[i] = Number(rest & 0xffn)
		rest >>= 8n
	}
	return out
}

/** ABI word of an address. */
const address = (value: Uint8Array): Uint8Array => concatBytes(new Uint8Array(12), value)

const domainSeparator = ({ chainId, contract }: Domain): Uint8Array =>
	host.keccak256(concatBytes(hash(DOMAIN_TYPE), hash('Stkr Escrow'), hash('1'), uint(chainId), address(contract)))

const structHash = (nonce: bigint, { kind, amountWei, expirySeconds, witnessSetId }: Order): Uint8Array => {
	const tail = concatBytes(uint(expirySeconds), uint(witnessSetId))
	if (kind.type === 'Release') {
		const { asset, recipient } = kind.value
		return host.keccak256(concatBytes(hash(RELEASE_TYPE), uint(nonce), address(asset), uint(amountWei), address(recipient), tail))
	}
	const { pubkey, signature, depositDataRoot } = kind.value
	return host.keccak256(
		concatBytes(hash(STAKE_TYPE), uint(nonce), host.keccak256(pubkey), host.keccak256(signature), depositDataRoot, uint(amountWei), tail),
	)
}

/** The EIP-712 digest of an order, equal to the contract's `releaseDigest` and `stakeDigest`: 32 bytes. */
export const orderDigest = (domain: Domain, nonce: bigint, order: Order): Uint8Array =>
	host.keccak256(concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator(domain), structHash(nonce, order)))

/** Half the order of secp256k1: the contract refuses a higher s, which would be a second form of the same signature (EIP-2). */
const HALF_ORDER = Uint8Array.of(
	...[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
	...[0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0],
)

/** The Ethereum address behind `r ‖ s ‖ v` over `digest`, or undefined when the contract would not take the signature. */
export const recoverSigner = (digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined => {
	const v = signature[64]
	if ((v !== 27 && v !== 28) || compareBytes(signature.subarray(32, 64), HALF_ORDER) > 0) return undefined
	const publicKey = host.ecdsaRecover(signature, digest)
	return publicKey ? host.keccak256(publicKey).slice(12) : undefined
}
