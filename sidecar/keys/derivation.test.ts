import { createRequire } from 'node:module'
import { bytesToBigInt, hexToBytes } from 'viem'
import { expect, test } from 'vitest'
import { masterKeyOf, masterKeyOfSeed, newMnemonic, signingKeyAt } from './derivation.ts'
import { MNEMONIC, SECRET_KEY } from './testing/vectors.ts'

const require = createRequire(import.meta.url)

/** What bls-keygen derives each level of a path with; by itself it takes paths of EIP-2334 only. */
const { deriveChildSK }: { deriveChildSK: (parent: Uint8Array, index: number) => Uint8Array } = createRequire(
	require.resolve('@chainsafe/bls-keygen'),
)('@chainsafe/bls-hd-key')

/** The test cases that EIP-2333 publishes. */
const EIP_2333 = [
	{
		seed: '0xc55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04',
		master: 6083874454709270928345386274498605044986640685124978867557563392430687146096n,
		index: 0,
		child: 20397789859736650942317412262472558107875392172444076792671091975210932703118n,
	},
	{
		seed: '0x3141592653589793238462643383279502884197169399375105820974944592',
		master: 29757020647961307431480504535336562678282505419141012933316116377660817309383n,
		index: 3141592653,
		child: 25457201688850691947727629385191704516744796114925897962676248250929345014287n,
	},
	{
		seed: '0x0099ff991111002299dd7744ee3355bbdd8844115566cc55663355668888cc00',
		master: 27580842291869792442942448775674722299803720648445448686099262467207037398656n,
		index: 4294967295,
		child: 29358610794459428860402234341874281240803786294062035874021252734817515685787n,
	},
	{
		seed: '0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
		master: 19022158461524446591288038168518313374041767046816487870552872741050760015818n,
		index: 42,
		child: 31372231650479070279774297061823572166496564838472787488249775572789064611981n,
	},
] as const

test.each(EIP_2333)('ESC-7 derives the keys of EIP-2333 for child $index', ({ seed, master, index, child }) => {
	const masterKey = masterKeyOfSeed(hexToBytes(seed))

	expect(bytesToBigInt(masterKey)).toBe(master)
	expect(bytesToBigInt(deriveChildSK(masterKey, index))).toBe(child)
})

test('ESC-7 derives from mnemonic and passphrase as EIP-2333 does in its case 0', () => {
	const masterKey = masterKeyOf(`${'abandon '.repeat(11)}about`, 'TREZOR')

	expect(bytesToBigInt(masterKey)).toBe(EIP_2333[0].master)
})

test('ESC-7 derives the signing key of EIP-2334 that other tools derive', () => {
	expect(signingKeyAt(masterKeyOf(`  ${MNEMONIC.toUpperCase()}\n`), 0)).toEqual({ path: 'm/12381/3600/0/0/0', secretKey: SECRET_KEY })
	const masterKey = masterKeyOf(MNEMONIC)
	expect(signingKeyAt(masterKey, 1).secretKey).toEqual([12381, 3600, 1, 0, 0].reduce(deriveChildSK, masterKey))
})

test('ESC-7 a new mnemonic has 24 words and a right checksum', () => {
	const mnemonic = newMnemonic()

	expect(mnemonic.split(' ')).toHaveLength(24)
	expect(masterKeyOf(mnemonic)).toHaveLength(32)
	expect(newMnemonic()).not.toBe(mnemonic)
})

test.each([
	['13 words', `${MNEMONIC.split(' ').slice(0, 13).join(' ')}`],
	['Word 2 of the mnemonic', MNEMONIC.replace('interest', 'interests')],
	['checksum', MNEMONIC.replace('ski interest', 'interest ski')],
])('ESC-7 refuses a wrong mnemonic, saying what is wrong and no word of it: %s', (message, mnemonic) => {
	expect(() => masterKeyOf(mnemonic)).toThrow(message)
	expect(() => masterKeyOf(mnemonic)).not.toThrow(/capable/)
})

test.each([-1, 0.5, 2 ** 32])('ESC-7 refuses the index %d', (index) => {
	expect(() => signingKeyAt(SECRET_KEY, index)).toThrow(String(index))
})
