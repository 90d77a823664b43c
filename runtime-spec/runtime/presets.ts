/**
 * The genesis configs of the dev presets. Their keys are the well-known ones every Substrate tool derives from `//Alice` and so
 * on: anyone can sign with them, so these chains hold nothing of value.
 */

const STKR = 10n ** 18n

/** Public keys of a dev seed (`//Alice`): sr25519 for accounts and Aura, ed25519 for GRANDPA. */
interface DevKey {
	sr25519: string
	ed25519: string
}

export const DEV_KEYS = {
	Alice: {
		sr25519: '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d',
		ed25519: '0x88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee',
	},
	Bob: {
		sr25519: '0x8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48',
		ed25519: '0xd17c2d7823ebf260fd138f2d7e27d114c0145d968b5ff5006125f2414fadae69',
	},
	Charlie: {
		sr25519: '0x90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22',
		ed25519: '0x439660b36c6c03afafca027b910b4fecf99801834c62a5e6006f27d978de234f',
	},
	Dave: {
		sr25519: '0x306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20',
		ed25519: '0x5e639b43e0052c47447dac87d6fd2b6ec50bdd4d0f614e4299c665249bbd09d9',
	},
	Eve: {
		sr25519: '0xe659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e',
		ed25519: '0x1dfe3e22cc0d45c70779c1095f7489a8ef3cf52d62fbd8c2fa38c9f1723502b5',
	},
	Ferdie: {
		sr25519: '0x1cbd2d43530a44705ad088af313e18f80b53ef16b36177cd4b77b846f2a5f07c',
		ed25519: '0x568cb4a574c6d178feb39c27dfc8b3f789e5f5423e19c71633c748b9acf086b5',
	},
	Witness1: {
		sr25519: '0xf074fa1ea99f9c5fadb39dfb4f087f839de5b9c63866fd19550531e5322d0f3a',
		ed25519: '0xd10aa3880984b7b4bed568e4a837399d79a97026fa3a2ccc8590a895f4d9d04d',
	},
	Witness2: {
		sr25519: '0xc69268db59550bd24bfadd4e0f4fd84478a35da04cfd175022210cf4d9eeee50',
		ed25519: '0x1f50e7fc4be9987880f9b9b9fb5a6e7341e7e54e3331a90480353a6f24fa87cf',
	},
	Witness3: {
		sr25519: '0xf8505a08424de4ce54da601529ba66c4f3053be23c826c1c75cf14fa50f25d49',
		ed25519: '0x5ea3c56e91457dabafaa38c7ed910801d2c495f0ae2f2dcb3356e16b258835c9',
	},
} satisfies Record<string, DevKey>

export type DevName = keyof typeof DEV_KEYS

/** Ethereum accounts 1 to 3 of the mnemonic `test test test test test test test test test test test junk`. */
const DEV_WITNESSES: readonly (readonly [DevName, string])[] = [
	['Witness1', '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'],
	['Witness2', '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc'],
	['Witness3', '0x90f79bf6eb2c4f870365e785982e1f101e93b906'],
]

/** Where account 0 of the same mnemonic deploys its first contract. */
export const DEV_ESCROW = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
export const DEV_ETHEREUM_CHAIN_ID = 1337

/** Genesis as the chain spec writes it: amounts are decimal strings, exact at any size. */
export type GenesisConfig = Record<string, unknown>

const devGenesis = (authorities: readonly DevName[], slotDuration: number, period: number): GenesisConfig => ({
	aura: { slotDuration },
	session: {
		period,
		validators: authorities.map((name) => ({
			account: DEV_KEYS[name].sr25519,
			aura: DEV_KEYS[name].sr25519,
			grandpa: DEV_KEYS[name].ed25519,
		})),
	},
	balances: {
		balances: Object.values(DEV_KEYS).map(({ sr25519 }) => [sr25519, String(1_000_000n * STKR)]),
	},
	sudo: { key: DEV_KEYS.Alice.sr25519 },
	assets: {
		assets: [
			{ id: 1, isSufficient: true, minBalance: 1, name: 'Wrapped Ether', symbol: 'ETH', decimals: 18 },
			{ id: 2, isSufficient: true, minBalance: 1, name: 'Staked Ether', symbol: 'aETH', decimals: 18 },
		],
	},
	escrow: {
		chainId: DEV_ETHEREUM_CHAIN_ID,
		contract: DEV_ESCROW,
		witnessSetId: 1,
		witnesses: DEV_WITNESSES.map(([name, ethereum]) => ({ account: DEV_KEYS[name].sr25519, ethereum, weight: 1 })),
		threshold: 3,
		// Longer than the day a large release waits in the escrow contract.
		orderLifetimeMs: 48 * 3_600_000,
	},
})

/** One authority, one-second slots: for development on one machine. */
export const developmentGenesis = (): GenesisConfig => devGenesis(['Alice'], 1000, 600)
/** Three authorities, six-second slots: for a network on one machine. */
export const localGenesis = (): GenesisConfig => devGenesis(['Alice', 'Bob', 'Charlie'], 6000, 600)
