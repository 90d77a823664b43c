/** What a witness checks before it signs an order (ESC-2, ESC-6): after that its signature pays out real ETH. */
import { type Hex, zeroAddress } from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { verifyDepositData } from '../contracts/deposit-data.ts'
import { type EscrowOrder, escrowDomain, signEscrowOrder } from '../contracts/eip712.ts'
import { FatalError } from './errors.ts'
import type { EscrowConstants } from './escrow-contract.ts'

const WEI_PER_GWEI = 10n ** 9n
/** A validator's full deposit. */
const STAKE_WEI = 32n * 10n ** 18n

interface OrderRules {
	contract: EscrowConstants
	escrow: Hex
	/** GENESIS_FORK_VERSION of the Ethereum network, 4 bytes. */
	genesisForkVersion: Hex
}

/**
 * Checks an order that stands in a finalized block of the Stkr chain.
 *
 * @throws FatalError `order-refused` when the contract could not execute it, or the ETH of a stake would be lost
 */
function checkOrder({ primaryType, message }: EscrowOrder, { contract, genesisForkVersion }: OrderRules): void {
	const refuse = (reason: string): never => {
		throw new FatalError('order-refused', `Order ${message.nonce} was not signed: ${reason}.`)
	}
	if (message.witnessSetId !== contract.witnessSetId) {
		refuse(`it is for witness set ${message.witnessSetId}, the contract has ${contract.witnessSetId}`)
	}
	if (message.amount <= 0n) refuse('its amount is zero')
	if (primaryType === 'Release') {
		if (message.asset !== zeroAddress) refuse(`its asset is ${message.asset}, the contract holds ETH alone`)
		if (message.recipient === zeroAddress) refuse('its recipient is the zero address')
		return
	}
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
