import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from 'viem'
import { expect, test } from 'vitest'
import { credentialsOf } from './deposit-file.ts'
import { readJson, toJson } from './files.ts'
import { writeKeystore } from './keystore.ts'
import { networkOf } from './networks.ts'
import { joinPartials, partialToJson, signMessages } from './partials.ts'
import { partialFileSchema, type SharedMessage } from './schemas.ts'
import { readPartySecret, readShare, writeShare } from './share-file.ts'
import { split } from './shares.ts'
import { temporaryDirectory } from './testing/directory.ts'
import { DEPOSIT, PUBLIC_KEY, SECRET_KEY, SIGNED_EXIT } from './testing/vectors.ts'

const directory = temporaryDirectory()
const PASSWORD = 'correct horse battery'
const MAINNET = networkOf({ network: 'mainnet' }, ['genesisForkVersion', 'capellaForkVersion', 'genesisValidatorsRoot'])
const EXIT: SharedMessage = { kind: 'exit', epoch: 305658n, validatorIndex: 100n, ...MAINNET }
const WHOLE: SharedMessage = {
	kind: 'deposit',
	networkName: 'mainnet',
	genesisForkVersion: MAINNET.genesisForkVersion,
	withdrawalCredentials: `0x${DEPOSIT.withdrawal_credentials}`,
	amountGwei: 32_000_000_000n,
}
const shares = split(SECRET_KEY, 2, 3)

/** Through the file that holders send each other. */
function sent(place: number, ...messages: SharedMessage[]) {
	const file = join(directory, 'partial.json')
	writeFileSync(file, toJson(partialToJson(signMessages(shares[place], messages))))
	return readJson(file, 'file of a partial signature', partialFileSchema)
}

test('ESC-7 holders sign the deposit and the exit that the whole key signs in other tools', () => {
	const joined = joinPartials([sent(2, WHOLE, EXIT), sent(0, WHOLE, EXIT)])

	expect(joined).toMatchObject({ publicKey: PUBLIC_KEY, exits: [SIGNED_EXIT], wrong: [] })
	const [{ data }] = joined.deposits
	expect(data.signature).toBe(`0x${DEPOSIT.signature}`)
	expect(data.depositDataRoot).toBe(`0x${DEPOSIT.deposit_data_root}`)
})

test('ESC-7 holders who signed different messages, or belong to different groups, are told so', () => {
	const elsewhere: SharedMessage = { ...WHOLE, withdrawalCredentials: credentialsOf('0x5FbDB2315678afecb367f032d93F642f64180aa3') }
	const [other] = split(SECRET_KEY, 2, 3)

	expect(() => joinPartials([sent(0, WHOLE), sent(1, elsewhere)])).toThrow('Holders 1 and 2 signed different messages')
	expect(() => joinPartials([sent(0, EXIT), sent(1, EXIT, WHOLE)])).toThrow('signed different messages')
	expect(() => joinPartials([sent(1, EXIT), signMessages(other, [EXIT])])).toThrow('was one share refreshed')
})

test('ESC-7 a message changed after signing makes no signature', () => {
	const changed = [0, 1].map((place) => {
		const { signed, ...file } = sent(place, EXIT)
		return { ...file, signed: signed.map(({ signature }) => ({ message: { ...EXIT, epoch: 0n }, signature })) }
	})

	expect(() => joinPartials(changed)).toThrow('Wrong: holder 1, 2')
})

test('ESC-7 a partial file with a number beyond u64 or a short field is refused by its name', () => {
	const file = join(directory, 'bad.json')
	const json = JSON.stringify(partialToJson(signMessages(shares[0], [EXIT])))
	const refused = (text: string) => {
		writeFileSync(file, text)
		return () => readJson(file, 'file of a partial signature', partialFileSchema)
	}

	expect(refused(json.replace('305658', '18446744073709551616'))).toThrow('signed.0.message.epoch: expected a decimal number')
	expect(refused(json.replace('"index":1', '"index":0'))).toThrow('index')
	expect(refused(json.replace('"0x03000000"', '"0x03"'))).toThrow('capellaForkVersion: expected 0x and 4 bytes')
})

test('ESC-7 a share is kept encrypted with its group, for its owner alone, and checked when read', async () => {
	const file = join(directory, 'share.json')

	await writeShare(file, shares[1], PASSWORD)

	expect(await readShare(file, PASSWORD)).toEqual(shares[1])
	expect(statSync(file).mode & 0o777).toBe(0o600)
	const stored = JSON.parse(readFileSync(file, 'utf8'))
	expect(JSON.parse(stored.description)).toEqual({ groupPublicKey: PUBLIC_KEY, group: shares[1].group })
	const changed = (name: string, change: object): string => {
		const path = join(directory, name)
		writeFileSync(path, JSON.stringify({ ...stored, ...change }))
		return path
	}
	const foreign = { groupPublicKey: PUBLIC_KEY as Hex, group: split(SECRET_KEY, 2, 3)[0].group }
	await expect(readShare(changed('group.json', { description: JSON.stringify(foreign) }), PASSWORD)).rejects.toThrow(
		'Share 2 is not that of the key',
	)
	await expect(readShare(changed('index.json', { path: 'stkr/share/3' }), PASSWORD)).rejects.toThrow('Share 3 is not that of the key')
	await expect(readShare(changed('none.json', { description: 'a key' }), PASSWORD)).rejects.toThrow('does not name the group')
	await expect(readPartySecret(file, PASSWORD)).rejects.toThrow("no file of a party's secret")
})

test('ESC-7 a whole key is not taken for a share', async () => {
	const file = join(directory, 'whole.json')
	await writeKeystore(file, { secretKey: SECRET_KEY, path: 'm/12381/3600/0/0/0', password: PASSWORD, keyDerivation: 'pbkdf2' })

	await expect(readShare(file, PASSWORD)).rejects.toThrow('it holds a key at m/12381/3600/0/0/0')
})
