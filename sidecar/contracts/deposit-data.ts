/** Validator keys and deposit data of the Beacon chain (ESC-6), as the consensus specification defines them. */
import { randomBytes } from 'node:crypto'
import bls from '@chainsafe/bls'
import { bytesToBigInt, bytesToHex, type Hex, hexToBytes, isHex, size } from 'viem'
import { depositDataRoot, depositSigningRoot } from '../keys/signing-roots.ts'

/** Order of the BLS12-381 scalar field; a secret key is in [1, order). */
const CURVE_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

const MAX_U64 = 2n ** 64n - 1n

/** What the deposit contract takes. */
export interface DepositData {
	/** BLS public key, 48 bytes compressed. */
	pubkey: Hex
	/** 32 bytes; 0x01, eleven zero bytes and an address for withdrawals to that address. */
	withdrawalCredentials: Hex
	/** u64; 32 ETH are 32_000_000_000. */
	amountGwei: bigint
	/** BLS signature of the deposit message, 96 bytes compressed. */
	signature: Hex
	/** SSZ hash tree root of the four fields above, 32 bytes. */
	depositDataRoot: Hex
}

export interface DepositDataParameters {
	/** 32 bytes big-endian, see `generateValidatorKey`. */
	secretKey: Uint8Array
	withdrawalCredentials: Hex
	amountGwei: bigint
	/** GENESIS_FORK_VERSION of the network, 4 bytes; never that of the current fork. */
	genesisForkVersion: Hex
}

/** What a witness expects of deposit data before it signs a stake order. */
export interface DepositDataExpectation {
	withdrawalCredentials: Hex
	amountGwei: bigint
	genesisForkVersion: Hex
}

export type DepositDataVerdict = { valid: true } | { valid: false; code: DepositDataFault; message: string }

/**
 * - `malformed`: a field has the wrong length or range
 * - `withdrawal-credentials`: withdrawals would not go where they should
 * - `amount`: another amount than expected
 * - `deposit-data-root`: the root is not that of the fields, the deposit contract would revert
 * - `pubkey`: not a point of the curve's prime-order group, or infinity
 * - `signature`: the key did not sign this deposit for this network, the ETH would be lost
 */
export type DepositDataFault = 'malformed' | 'withdrawal-credentials' | 'amount' | 'deposit-data-root' | 'pubkey' | 'signature'

/**
 * A new secret key of a validator, 32 bytes big-endian, uniform in [1, curve order) by rejection.
 * It is kept whole and belongs to no EIP-2333 tree.
 */
export function generateValidatorKey(): Uint8Array {
	for (;;) {
		const secretKey = Uint8Array.from(randomBytes(32))
		const scalar = bytesToBigInt(secretKey)
		if (scalar > 0n && scalar < CURVE_ORDER) return secretKey
	}
}

/**
 * Signs a deposit.
 *
 * @throws RangeError when a parameter has the wrong length or range; the secret key is never part of the message
 */
export function makeDepositData({ secretKey, withdrawalCredentials, amountGwei, genesisForkVersion }: DepositDataParameters): DepositData {
	requireBytes('withdrawalCredentials', withdrawalCredentials, 32)
	requireBytes('genesisForkVersion', genesisForkVersion, 4)
	requireU64('amountGwei', amountGwei)
	const scalar = secretKey.length === 32 ? bytesToBigInt(secretKey) : 0n
	if (scalar === 0n || scalar >= CURVE_ORDER) {
		throw new RangeError('secretKey must be 32 bytes, big-endian, between 1 and the BLS12-381 curve order: use generateValidatorKey')
	}
	const key = bls.SecretKey.fromBytes(secretKey)
	const message = { pubkey: bytesToHex(key.toPublicKey().toBytes()), withdrawalCredentials, amountGwei }
	const signature = bytesToHex(key.sign(depositSigningRoot(message, genesisForkVersion)).toBytes())
	return { ...message, signature, depositDataRoot: depositDataRoot(message, signature) }
}

/**
 * Checks deposit data as the Beacon chain will, and against what was ordered. Each witness does this before it signs a
 * stake order, because the deposit contract verifies no signature: a bad one loses the ETH.
 *
 * @throws RangeError when the expectation itself is malformed
 */
export function verifyDepositData(data: DepositData, expected: DepositDataExpectation): DepositDataVerdict {
	requireBytes('expected.withdrawalCredentials', expected.withdrawalCredentials, 32)
	requireBytes('expected.genesisForkVersion', expected.genesisForkVersion, 4)
	requireU64('expected.amountGwei', expected.amountGwei)
	try {
		requireBytes('pubkey', data.pubkey, 48)
		requireBytes('withdrawalCredentials', data.withdrawalCredentials, 32)
		requireBytes('signature', data.signature, 96)
		requireBytes('depositDataRoot', data.depositDataRoot, 32)
	} catch (error) {
		return fault('malformed', error instanceof Error ? error.message : String(error))
	}
	if (!equalHex(data.withdrawalCredentials, expected.withdrawalCredentials)) {
		return fault('withdrawal-credentials', `they are ${data.withdrawalCredentials}, not ${expected.withdrawalCredentials}`)
	}
	if (data.amountGwei !== expected.amountGwei) {
		return fault('amount', `it is ${data.amountGwei} gwei, not ${expected.amountGwei}`)
	}
	const root = depositDataRoot(data, data.signature)
	if (!equalHex(data.depositDataRoot, root)) {
		return fault('deposit-data-root', `it is ${data.depositDataRoot}, but that of the fields is ${root}`)
	}
	const pubkey = hexToBytes(data.pubkey)
	if (!isValidPublicKey(pubkey)) {
		return fault('pubkey', `${data.pubkey} is not a valid BLS12-381 public key`)
	}
	if (!bls.verify(pubkey, depositSigningRoot(data, expected.genesisForkVersion), hexToBytes(data.signature))) {
		return fault('signature', `${data.pubkey} did not sign this deposit for genesis fork version ${expected.genesisForkVersion}`)
	}
	return { valid: true }
}

function fault(code: DepositDataFault, message: string): DepositDataVerdict {
	return { valid: false, code, message: `deposit data refused (${code}): ${message}` }
}

function requireBytes(name: string, value: Hex, length: number): void {
	if (!isHex(value) || value.length !== 2 + 2 * length) {
		throw new RangeError(`${name} is ${isHex(value) ? `${size(value)} bytes` : 'not hexadecimal'}: it must be ${length} bytes`)
	}
}

function requireU64(name: string, value: bigint): void {
	if (value < 0n || value > MAX_U64) throw new RangeError(`${name} is ${value}: it must be between 0 and ${MAX_U64}`)
}

function equalHex(a: Hex, b: Hex): boolean {
	return a.toLowerCase() === b.toLowerCase()
}

/** KeyValidate of the BLS specification: `bls.verify` alone would not check the subgroup. */
function isValidPublicKey(pubkey: Uint8Array): boolean {
	try {
		bls.PublicKey.fromBytes(pubkey, undefined, true)
		return true
	} catch {
		return false
	}
}
