/** The devnet's chain configuration: the minimal preset, every fork up to Electra at genesis. */
import type { ChainConfig } from '@lodestar/config'
import { minimalChainConfig } from '@lodestar/config/configs'
import { ACTIVE_PRESET, PresetName } from '@lodestar/params'
import { fromHex } from '@lodestar/utils'
import type { BeaconOptions } from './protocol.ts'

if (ACTIVE_PRESET !== PresetName.minimal)
	throw new Error(`Lodestar was loaded with preset "${ACTIVE_PRESET}": set LODESTAR_PRESET=minimal before the process starts.`)

export function devnetChainConfig(options: Pick<BeaconOptions, 'secondsPerSlot' | 'chainId' | 'depositContract'>): ChainConfig {
	return {
		...minimalChainConfig,
		CONFIG_NAME: 'stkr-devnet',
		SECONDS_PER_SLOT: options.secondsPerSlot,
		SLOT_DURATION_MS: options.secondsPerSlot * 1000,
		DEPOSIT_CHAIN_ID: options.chainId,
		DEPOSIT_NETWORK_ID: options.chainId,
		DEPOSIT_CONTRACT_ADDRESS: fromHex(options.depositContract),
		TERMINAL_TOTAL_DIFFICULTY: 0n,
		ALTAIR_FORK_EPOCH: 0,
		BELLATRIX_FORK_EPOCH: 0,
		CAPELLA_FORK_EPOCH: 0,
		DENEB_FORK_EPOCH: 0,
		ELECTRA_FORK_EPOCH: 0,
		// Minimal asks for 64 epochs of service before an exit and 256 after it: an exit is to be watched within seconds here.
		SHARD_COMMITTEE_PERIOD: 1,
		MIN_VALIDATOR_WITHDRAWABILITY_DELAY: 1,
	}
}
