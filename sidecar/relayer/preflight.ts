/** Whether witness, contract and chain were set up for one another, checked before any duty. */
import type { Address, Hex } from 'viem'
import type { ContractWitnessSet } from './edges.ts'
import { FatalError, RetryableError } from './errors.ts'
import type { EscrowConstants } from './escrow-contract.ts'
import type { StkrBridge } from './stkr-storage.ts'

/**
 * @returns the place of the witness in the set
 * @throws FatalError `set-up` naming what does not fit, RetryableError `contract-not-set` while the chain waits for its contract
 */
export function checkSetUp(
	bridge: StkrBridge,
	{ chainId }: Pick<EscrowConstants, 'chainId'>,
	set: ContractWitnessSet,
	{ escrow, account, ethereumAccount }: { escrow: Address; account: Hex; ethereumAccount: Address },
): { index: number; of: number } {
	const refuse = (message: string): never => {
		throw new FatalError('set-up', message)
	}
	if (bridge.chainId !== BigInt(chainId)) {
		refuse(
			`The Stkr chain bridges to Ethereum chain ${bridge.chainId}, but --ethereum is chain ${chainId}. Give a node of the right network.`,
		)
	}
	if (bridge.contract === null) {
		throw new RetryableError(
			'contract-not-set',
			'The Stkr chain does not know its escrow contract yet: it is set by root with escrow.setContract.',
		)
	}
	if (!same(bridge.contract, escrow)) {
		refuse(`The Stkr chain's escrow contract is ${bridge.contract}, but --escrow is ${escrow}. Check both.`)
	}
	const { witnesses, id } = bridge.witnessSet
	if (id !== set.id) {
		refuse(
			`The Stkr chain has witness set ${id}, the contract ${escrow} has ${set.id}: the ${id < set.id ? 'chain' : 'contract'} has not taken the next set yet. Witnesses start again once both have the same.`,
		)
	}
	const index = witnesses.findIndex((witness) => witness.account === account)
	if (index < 0)
		return refuse(
			`The account ${account} of --account is no witness on the Stkr chain. Its witnesses are ${witnesses.map((witness) => witness.account).join(', ')}.`,
		)
	if (!same(witnesses[index].ethereum, ethereumAccount)) {
		refuse(
			`The chain expects signatures of ${witnesses[index].ethereum} from this witness, but --ethereum-key is the key of ${ethereumAccount}.`,
		)
	}
	if (!set.witnesses.some((witness) => same(witness, ethereumAccount))) {
		refuse(`The contract ${escrow} does not count ${ethereumAccount} among its witnesses.`)
	}
	return { index, of: witnesses.length }
}

function same(a: string, b: string): boolean {
	return a.toLowerCase() === b.toLowerCase()
}
