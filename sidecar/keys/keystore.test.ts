import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isValidKeystore } from '@chainsafe/bls-keystore'
import { hexToBytes } from 'viem'
import { expect, test } from 'vitest'
import { readKeystore, writeKeystore } from './keystore.ts'
import { temporaryDirectory } from './testing/directory.ts'
import { PUBLIC_KEY, SECRET_KEY } from './testing/vectors.ts'

const directory = temporaryDirectory()

/** The password of EIP-2335's vectors: mathematical letters that NFKD turns into plain ones, and a key. */
const PASSWORD = '\u{1d531}\u{1d522}\u{1d530}\u{1d531}\u{1d52d}\u{1d51e}\u{1d530}\u{1d530}\u{1d534}\u{1d52c}\u{1d52f}\u{1d521}\u{1f511}'
const SALT = 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3'

/** The vectors that EIP-2335 publishes. */
const EIP_2335 = [
	{
		kdf: { function: 'scrypt', params: { dklen: 32, n: 262144, p: 1, r: 8, salt: SALT }, message: '' },
		checksum: 'd2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484',
		message: '06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f',
		path: 'm/12381/60/3141592653/589793238',
	},
	{
		kdf: { function: 'pbkdf2', params: { dklen: 32, c: 262144, prf: 'hmac-sha256', salt: SALT }, message: '' },
		checksum: '8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1',
		message: 'cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad',
		path: 'm/12381/60/0/0',
	},
].map(({ kdf, checksum, message, path }) => ({
	crypto: {
		kdf,
		checksum: { function: 'sha256', params: {}, message: checksum },
		cipher: { function: 'aes-128-ctr', params: { iv: '264daa3f303d7259501c93d997d84fe6' }, message },
	},
	pubkey: '9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07',
	path,
	uuid: '1d85ae20-35c5-4611-98e8-aa14a633906f',
	version: 4,
}))

test.each(EIP_2335)('ESC-7 reads the vector of EIP-2335 with $crypto.kdf.function', async (vector) => {
	const file = join(directory, `vector-${vector.crypto.kdf.function}.json`)
	writeFileSync(file, JSON.stringify(vector))

	const { secretKey, path } = await readKeystore(file, `${PASSWORD}\u0007\u0085`)

	expect(secretKey).toEqual(hexToBytes('0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'))
	expect(path).toBe(vector.path)
})

test.each(['scrypt', 'pbkdf2'] as const)('ESC-7 writes with %s what it reads, for the owner alone, and once', async (keyDerivation) => {
	const file = join(directory, `${keyDerivation}.json`)
	const contents = { secretKey: SECRET_KEY, path: 'm/12381/3600/0/0/0', description: 'a key' }

	await writeKeystore(file, { ...contents, password: 'eight letters', keyDerivation })

	expect(await readKeystore(file, 'eight letters')).toEqual({ ...contents, publicKey: PUBLIC_KEY })
	const keystore = JSON.parse(readFileSync(file, 'utf8'))
	expect(isValidKeystore(keystore)).toBe(true)
	expect(keystore.crypto.kdf.function).toBe(keyDerivation)
	expect(statSync(file).mode & 0o777).toBe(0o600)
	const before = readFileSync(file)
	await expect(writeKeystore(file, { ...contents, password: 'another one', keyDerivation: 'pbkdf2' })).rejects.toThrow('exists already')
	expect(readFileSync(file)).toEqual(before)
	await expect(readKeystore(file, 'eight lettres')).rejects.toMatchObject({ code: 'password' })
})

test('ESC-7 refuses a password that is short once normalized, and writes nothing', async () => {
	const file = join(directory, 'short.json')

	await expect(writeKeystore(file, { secretKey: SECRET_KEY, path: '', password: 'seven77\u0000\u0001' })).rejects.toThrow('8 characters')

	await expect(readKeystore(file, 'any')).rejects.toThrow('short.json')
})

test('ESC-7 refuses a key file whose public key is another one', async () => {
	const file = join(directory, 'foreign.json')
	writeFileSync(file, JSON.stringify({ ...EIP_2335[1], pubkey: PUBLIC_KEY.slice(2) }))

	await expect(readKeystore(file, PASSWORD)).rejects.toThrow('but it holds the key of 0x9612d7a7')
})

test('ESC-7 says what a broken key file lacks', async () => {
	const file = join(directory, 'broken.json')
	writeFileSync(file, '{"version": 4}')

	await expect(readKeystore(file, PASSWORD)).rejects.toThrow(/broken\.json is no key file of version 4.*crypto/)
})
