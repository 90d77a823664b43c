import { hexToBytes } from 'viem'
import { expect, test } from 'vitest'
import { exitRoot, signExit, signedExit, verifyExit } from './exit.ts'
import { networkOf } from './networks.ts'
import { combine, signPartial, split } from './shares.ts'
import { PUBLIC_KEY, SECRET_KEY, SIGNED_EXIT } from './testing/vectors.ts'

const MAINNET = networkOf({ network: 'mainnet' }, ['capellaForkVersion', 'genesisValidatorsRoot'])
const EXIT = { epoch: 305658n, validatorIndex: 100n }

test('ESC-7 signs the exit that ethdo signs, with the whole key', () => {
	expect(signExit(SECRET_KEY, EXIT, MAINNET)).toEqual(SIGNED_EXIT)
	expect(verifyExit(SIGNED_EXIT, PUBLIC_KEY, MAINNET)).toBe(true)
})

test('ESC-7 provider and system sign the same exit together, and neither can alone', () => {
	const [provider, system] = split(SECRET_KEY, 2, 2)
	const root = exitRoot(EXIT, MAINNET)
	const partials = [provider, system].map((share) => signPartial(share, root))

	expect(signedExit(EXIT, combine(provider.group, root, partials).signature)).toEqual(SIGNED_EXIT)
	for (const partial of partials) {
		expect(() => combine(provider.group, root, [partial])).toThrow('2 are needed')
		expect(verifyExit(signedExit(EXIT, partial.signature), PUBLIC_KEY, MAINNET)).toBe(false)
	}
})

test.each([
	['epoch', { message: { ...SIGNED_EXIT.message, epoch: '305659' } }, MAINNET],
	['validator', { message: { ...SIGNED_EXIT.message, validator_index: '101' } }, MAINNET],
	['network', {}, networkOf({ network: 'hoodi' }, ['capellaForkVersion', 'genesisValidatorsRoot'])],
	['fork version', {}, { ...MAINNET, capellaForkVersion: '0x04000000' as const }],
])('ESC-7 an exit counts for no other %s', (_, change, network) => {
	expect(verifyExit({ ...SIGNED_EXIT, ...change }, PUBLIC_KEY, network)).toBe(false)
})

test('ESC-7 a devnet must give its values, and a public network may not be given others', () => {
	const root = `0x${'07'.repeat(32)}`

	expect(networkOf({ network: 'dev', genesisValidatorsRoot: root }, ['genesisValidatorsRoot'])).toEqual({
		name: 'dev',
		genesisValidatorsRoot: root,
	})
	expect(hexToBytes(networkOf({ network: 'sepolia' }, ['genesisForkVersion']).genesisForkVersion)).toHaveLength(4)
	expect(() => networkOf({ network: 'dev' }, ['capellaForkVersion'])).toThrow('--capella-fork-version')
	expect(() => networkOf({ network: 'dev', capellaForkVersion: '0x1' }, ['capellaForkVersion'])).toThrow('4 bytes')
	expect(() => networkOf({ network: 'mainnet', genesisValidatorsRoot: root }, ['genesisValidatorsRoot'])).toThrow('Leave the option out')
})
