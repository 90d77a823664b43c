import bls from '@chainsafe/bls'
import fc from 'fast-check'
import { bytesToHex, concat, type Hex, hexToBytes, pad, toHex } from 'viem'
import { describe, expect, test } from 'vitest'
import { type DepositData, generateValidatorKey, makeDepositData, verifyDepositData } from './deposit-data.ts'

const GENESIS_FORK_VERSION: Hex = '0x00000001'
const CREDENTIALS = concat(['0x01', pad('0x', { size: 11 }), '0x5FbDB2315678afecb367f032d93F642f64180aa3']).toLowerCase() as Hex
const EXPECTED = { withdrawalCredentials: CREDENTIALS, amountGwei: 32_000_000_000n, genesisForkVersion: GENESIS_FORK_VERSION }
const SECRET_KEY = hexToBytes(toHex(0x1234567890abcdefn, { size: 32 }))
const CURVE_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

const valid = makeDepositData({ secretKey: SECRET_KEY, ...EXPECTED })

/** Output of staking-deposit-cli 2.7.0 for a network with genesis fork version 0x20000089. */
const CLI_DEPOSIT: DepositData = {
	pubkey: '0x98db81971df910a5d46314d21320f897060d76fdf137d22f0eb91a8693a4767d2a22730a3aaa955f07d13ad604f968e9',
	withdrawalCredentials: '0x010000000000000000000000468c15d616b52fcef0b932bf89d42157984be2a5',
	amountGwei: 32_000_000_000n,
	signature:
		'0xa20d736d6807720cb2a2f48526eb3df83162b387b806bdf7d0d08bb31d3d4e4daaf4a11120dc194b188035e9e5c9bdbf00c3be3ca68adec9c4fb2fb59d936337b750ae08a9e7add56fb82526792876066456010a64c5629b7f1f564f9923ff8e',
	depositDataRoot: '0xe6260302845906138ebe075e9977e6086f02fc1c5142590bebdf54579c806bd3',
}

function flipLastBit(hex: Hex): Hex {
	const bytes = hexToBytes(hex)
	bytes[bytes.length - 1] ^= 1
	return bytesToHex(bytes)
}

/** Deposit data with one field replaced and the root of the new fields, as a forger would hand it in. */
function withConsistentRoot(change: Partial<DepositData>): DepositData {
	const forged = { ...valid, ...change }
	const verdict = verifyDepositData({ ...forged, depositDataRoot: pad('0x') }, { ...EXPECTED, ...change })
	if (verdict.valid) throw new Error('the all-zero root cannot be valid')
	const root = /fields is (0x[0-9a-f]{64})/.exec(verdict.message)?.[1]
	if (!root) throw new Error(verdict.message)
	return { ...forged, depositDataRoot: root as Hex }
}

describe('ESC-6 deposit data', () => {
	test('ESC-6 agrees with the staking-deposit tool on root and signature', () => {
		expect(verifyDepositData(CLI_DEPOSIT, { ...CLI_DEPOSIT, genesisForkVersion: '0x20000089' })).toEqual({ valid: true })
	})

	test('ESC-6 is deterministic and passes its own check', () => {
		expect(makeDepositData({ secretKey: SECRET_KEY, ...EXPECTED })).toEqual(valid)
		expect(verifyDepositData(valid, EXPECTED)).toEqual({ valid: true })
	})

	test('ESC-6 is signed by the native BLS backend', () => {
		expect(bls.implementation).toBe('blst-native')
	})

	test.each([
		['malformed', { ...valid, pubkey: '0x1234' as Hex }, EXPECTED],
		['malformed', { ...valid, signature: '0xzz' as Hex }, EXPECTED],
		['withdrawal-credentials', valid, { ...EXPECTED, withdrawalCredentials: flipLastBit(CREDENTIALS) }],
		['amount', valid, { ...EXPECTED, amountGwei: 1_000_000_000n }],
		['deposit-data-root', { ...valid, depositDataRoot: flipLastBit(valid.depositDataRoot) }, EXPECTED],
		['deposit-data-root', { ...valid, signature: CLI_DEPOSIT.signature }, EXPECTED],
		['signature', withConsistentRoot({ signature: CLI_DEPOSIT.signature }), EXPECTED],
		['signature', withConsistentRoot({ pubkey: CLI_DEPOSIT.pubkey }), EXPECTED],
		['signature', withConsistentRoot({ signature: `0xc0${'00'.repeat(95)}` }), EXPECTED],
		['signature', withConsistentRoot({ signature: `0x${'ff'.repeat(96)}` }), EXPECTED],
		['signature', valid, { ...EXPECTED, genesisForkVersion: '0x00000000' as Hex }],
		['pubkey', withConsistentRoot({ pubkey: `0xc0${'00'.repeat(47)}` }), EXPECTED],
		['pubkey', withConsistentRoot({ pubkey: `0x${'ff'.repeat(48)}` }), EXPECTED],
	])('ESC-6 refuses a wrong field: %s', (code, data, expected) => {
		expect(verifyDepositData(data, expected)).toMatchObject({ valid: false, code })
	})

	test('ESC-6 refuses a key on the curve but outside its prime-order group', () => {
		// The point with x = 4 solves y² = x³ + 4 but has another order.
		const pubkey: Hex = `0x80${'00'.repeat(46)}04`
		expect(() => bls.PublicKey.fromBytes(hexToBytes(pubkey), undefined, false)).not.toThrow()
		expect(verifyDepositData(withConsistentRoot({ pubkey }), EXPECTED)).toMatchObject({ valid: false, code: 'pubkey' })
	})

	test('ESC-6 refuses a malformed expectation', () => {
		expect(() => verifyDepositData(valid, { ...EXPECTED, amountGwei: -1n })).toThrow('expected.amountGwei')
		expect(() => verifyDepositData(valid, { ...EXPECTED, genesisForkVersion: '0x' })).toThrow('expected.genesisForkVersion')
	})

	test('ESC-6 refuses infinity as both key and signature', () => {
		const forged = withConsistentRoot({ pubkey: `0xc0${'00'.repeat(47)}`, signature: `0xc0${'00'.repeat(95)}` })
		expect(verifyDepositData(forged, EXPECTED)).toMatchObject({ valid: false, code: 'pubkey' })
	})

	test.each([
		['secretKey', { secretKey: new Uint8Array(32) }],
		['secretKey', { secretKey: hexToBytes(toHex(CURVE_ORDER)) }],
		['secretKey', { secretKey: new Uint8Array(31).fill(1) }],
		['withdrawalCredentials', { withdrawalCredentials: '0x01' as Hex }],
		['genesisForkVersion', { genesisForkVersion: '0x0000000001' as Hex }],
		['amountGwei', { amountGwei: 2n ** 64n }],
	])('ESC-6 refuses to sign with a malformed %s', (name, change) => {
		expect(() => makeDepositData({ secretKey: SECRET_KEY, ...EXPECTED, ...change })).toThrow(name)
	})

	test('ESC-6 every generated key signs deposits of any amount that verify', () => {
		fc.assert(
			fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (amountGwei, bytes) => {
				const expected = { withdrawalCredentials: bytesToHex(bytes), amountGwei, genesisForkVersion: GENESIS_FORK_VERSION }
				const data = makeDepositData({ secretKey: generateValidatorKey(), ...expected })
				expect(verifyDepositData(data, expected)).toEqual({ valid: true })
			}),
			{ numRuns: 25 },
		)
	})
})
