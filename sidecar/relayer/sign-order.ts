/** What a witness checks before it signs an order (ESC-2, ESC-6): after that its signature pays out real ETH. */
import { type Hex, zeroAddress } from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { verifyDepositData } from '../contracts/deposit-data.ts'
import { type EscrowOrder, escrowDomain, signEscrowOrder } from '../contracts/eip712.ts'
import type { ContractWitnessSet } from './edges.ts'
import { FatalError, RetryableError } from './errors.ts'
import type { EscrowConstants } from './escrow-contract.ts'

const WEI_PER_GWEI = 10n ** 9n
/** A validator's full deposit. */
const STAKE_WEI = 32n * 10n ** 18n

interface OrderRules {
	contract: EscrowConstants
	escrow: Hex
	/** Sets whose orders the contract executes now, ascending. */
	witnessSets: () => readonly ContractWitnessSet[]
	/** GENESIS_FORK_VERSION of the Ethereum network, 4 bytes. */
	genesisForkVersion: Hex
}

/**
 * Checks an order that stands in a finalized block of the Stkr chain.
 *
 * @throws FatalError `order-refused` when the contract could not execute it, or the ETH of a stake would be lost; RetryableError
 *   `witness-set-pending` when its witness set is still to be installed in the contract
 */
function checkOrder({ primaryType, message }: EscrowOrder, { contract, witnessSets, genesisForkVersion }: OrderRules): void {
	const refuse = (reason: string): never => {
		throw new FatalError('order-refused', `Order ${message.nonce} was not signed: ${reason}.`)
	}
	const sets = witnessSets()
	const present = sets[sets.length - 1].id
	if (message.witnessSetId > present) {
		throw new RetryableError(
			'witness-set-pending',
			`Order ${message.nonce} is for witness set ${message.witnessSetId}, the contract has ${present}: it is signed once the contract was handed over.`,
		)
	}
	if (!sets.some(({ id }) => id === message.witnessSetId)) {
		refuse(`it is for witness set ${message.witnessSetId}, which the contract does not count any more; its present one is ${present}`)
	}
	if (message.amount <= 0n) refuse('its amount is zero')
	if (primaryType === 'Release') {
		if (message.asset !== zeroAddress)
			refuse(`its asset is ${message.asset}, but the Stkr chain can order ETH alone so far, so its books cannot cover it`)
		if (message.recipient === zeroAddress) refuse('its recipient is the zero address')
		return
	}
	if (contract.guardedDeposits)
		refuse('the contract funds validators by 1 and then 31 ETH, which the Stkr chain cannot order yet: it orders 32 at once')
	if (message.amount !== STAKE_WEI) refuse(`it stakes ${message.amount} wei, not ${STAKE_WEI}`)
	const { pubkey, signature, depositDataRoot } = message
	const { withdrawalCredentials } = contract
	const amountGwei = message.amount / WEI_PER_GWEI
	const verdict = verifyDepositData(
		{ pubkey, withdrawalCredentials, amountGwei, signature, depositDataRoot },
		{ withdrawalCredentials, amountGwei, genesisForkVersion },
	)
	if (!verdict.valid) refuse(verdict.message)
}

/** The signing function of a witness: it checks first. */
export function orderSigner(account: LocalAccount, rules: OrderRules): (order: EscrowOrder) => Promise<Hex> {
	const domain = escrowDomain(rules.contract.chainId, rules.escrow)
	return async (order) => {
		checkOrder(order, rules)
		return signEscrowOrder(account, domain, order)
	}
}
