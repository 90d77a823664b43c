/** Outputs of other tools for one key: those of eth-staking-smith and ethdo for the same public mnemonic. */
import type { Hex } from 'viem'
import { hexToBytes } from 'viem'

export const MNEMONIC = 'ski interest capable knee usual ugly duty exercise tattoo subway delay upper bid forget say'
export const SECRET_KEY = hexToBytes('0x6d446ca271eb229044b9039354ecdfa6244d1a11615ec1a46fc82a800367de5d')
export const PUBLIC_KEY: Hex = '0x8844cebb34d10e0e57f3c29ada375dafe14762ab85b2e408c3d6d55ce6d03317660bca9f2c2d17d8fbe14a2529ada1ea'

/** On mainnet, in the format of staking-deposit-cli 2.7.0. */
export const DEPOSIT = {
	pubkey: '8844cebb34d10e0e57f3c29ada375dafe14762ab85b2e408c3d6d55ce6d03317660bca9f2c2d17d8fbe14a2529ada1ea',
	withdrawal_credentials: '0045b91b2f60b88e7392d49ae1364b55e713d06f30e563f9f99e10994b26221d',
	amount: 32000000000,
	signature:
		'96ebebf92967a2b187e031062f5cb5128a2bfc42559bd9dfdd1e481a056b3ef2cfddf1a0381530286013e3893e097b02129113e62a94bedd250253eb766f010824d0be7616f51b9f7609972695231bcda1cabf7a6a2d60a07e14237f2b6096ab',
	deposit_message_root: 'bfd9d2c616eb570ad3fd4d4caf169b88f80490d8923537474bf1f6c5cec5e56d',
	deposit_data_root: '7ac103cb959b55dff155f7406393c3e6f1ba0011baee2b61bca00fdc3b2cb2c2',
	fork_version: '00000000',
	network_name: 'mainnet',
	deposit_cli_version: '2.7.0',
}

/** On mainnet after Deneb, so with Capella's fork version (EIP-7044). */
export const SIGNED_EXIT = {
	message: { epoch: '305658', validator_index: '100' },
	signature:
		'0xa74f22d26da9934c2a9c783799fb9e7bef49b3d7c3759a0683b52ee5d71516c0ecdbcc47703f11959c5e701a6c47194410bed800217bd4dd0dab1e0587b14551771accd04ff1c78302f9605f44c3894976c5b3537b70cb7ac9dcb5398dc22079' as Hex,
}
