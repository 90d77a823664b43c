/** What signatures of validators are bound to, by Ethereum network. */
import type { Hex } from 'viem'
import { FatalError } from '../relayer/errors.ts'

export interface Network {
	/** As in deposit files. */
	name: string
	/** 4 bytes; deposits are signed for it. */
	genesisForkVersion: Hex
	/** 4 bytes; exits are signed for it for ever (EIP-7044). */
	capellaForkVersion: Hex
	/** 32 bytes, `/eth/v1/beacon/genesis`. */
	genesisValidatorsRoot: Hex
}

/** Public networks, from their published configurations. */
const PUBLIC: Network[] = [
	{
		name: 'mainnet',
		genesisForkVersion: '0x00000000',
		capellaForkVersion: '0x03000000',
		genesisValidatorsRoot: '0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95',
	},
	{
		name: 'sepolia',
		genesisForkVersion: '0x90000069',
		capellaForkVersion: '0x90000072',
		genesisValidatorsRoot: '0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078',
	},
	{
		name: 'hoodi',
		genesisForkVersion: '0x10000910',
		capellaForkVersion: '0x40000910',
		genesisValidatorsRoot: '0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f',
	},
]

/** As flags name them: a public network, or a name and the values of a devnet. */
export interface NetworkFlags {
	network: string
	genesisForkVersion?: string
	capellaForkVersion?: string
	genesisValidatorsRoot?: string
}

const isBytes = (value: string, length: number): value is Hex => new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`).test(value)

/**
 * The network that flags name.
 *
 * @param needs the values that the command signs for; a devnet must give them
 * @throws FatalError `network` naming the flag
 */
export function networkOf<Need extends Exclude<keyof Network, 'name'>>(flags: NetworkFlags, needs: Need[]): Pick<Network, Need | 'name'> {
	const known = PUBLIC.find(({ name }) => name === flags.network)
	const lengths = { genesisForkVersion: 4, capellaForkVersion: 4, genesisValidatorsRoot: 32 }
	const network: Partial<Network> = { name: flags.network }
	for (const need of needs as Exclude<keyof Network, 'name'>[]) {
		const flag = `--${need.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
		const given = flags[need]
		if (given === undefined && !known) {
			throw new FatalError(
				'network',
				`${flags.network} is no public network (${PUBLIC.map(({ name }) => name).join(', ')}): give its value as ${flag}.`,
			)
		}
		if (given !== undefined && known && given.toLowerCase() !== known[need]) {
			throw new FatalError('network', `${flag} is ${given}, but that of ${known.name} is ${known[need]}. Leave the option out.`)
		}
		const value = known ? known[need] : (given ?? '')
		if (!isBytes(value, lengths[need])) {
			throw new FatalError('network', `${flag} is ${value}: expected 0x and ${lengths[need]} bytes in hexadecimal.`)
		}
		network[need] = value
	}
	return network as Pick<Network, Need | 'name'>
}
