/** What a revert of `release` or `stake` means to who relays it: whether it passes, and when. */
import { FatalError, RetryableError } from './errors.ts'

/** A custom error of the contract, or the text of a plain revert. */
export interface Revert {
	name: string
	args: readonly unknown[]
}

interface Passing {
	code: string
	reason: (nonce: bigint, args: readonly unknown[]) => string
	/** Which argument is the first block timestamp at which the call can succeed, in Unix seconds. */
	from?: number
}

/** What ends by itself, by what others do, or by a person's doing in time. */
const PASSING: Record<string, Passing> = {
	NonceUsed: { code: 'already-relayed', reason: (nonce) => `Order ${nonce} was relayed by another; it is not final yet.` },
	NonceVetoed: { code: 'order-vetoed', reason: (nonce) => `The council vetoed order ${nonce}; that is not final yet.` },
	OrderExpired: { code: 'order-expired', reason: (nonce) => `Order ${nonce} has expired; that is not final yet.` },
	OrderDelayed: {
		code: 'order-delayed',
		reason: (nonce, [, executableAt]) => `Order ${nonce} is large and waits until ${executableAt} (Unix seconds).`,
		from: 1,
	},
	NonceDelayed: {
		code: 'nonce-delayed',
		reason: (nonce) =>
			`Another order than the one at hand waits under nonce ${nonce}: the witnesses signed two. Show both to the council, which can veto it.`,
	},
	FlowCapExceeded: {
		code: 'flow-cap',
		reason: (nonce, [, amount, available, retryAt]) =>
			`Order ${nonce} pays ${amount}, but only ${available} may leave the escrow today; it is tried again at ${retryAt} (Unix seconds). An amount above a whole day's cap is refunded when the order expires.`,
		from: 3,
	},
	EscrowPaused: { code: 'escrow-paused', reason: (nonce) => `The escrow is paused; order ${nonce} waits until it is not.` },
	DepositTooSoon: {
		code: 'deposit-too-soon',
		reason: (nonce, [earliest]) => `The second deposit of order ${nonce} may be made from ${earliest} on (Unix seconds).`,
		from: 0,
	},
	PaymentFailed: {
		code: 'payment-failed',
		reason: (nonce) => `The recipient of order ${nonce} does not take the ETH. It is tried until the order expires.`,
	},
	InsufficientBalance: {
		code: 'escrow-short',
		reason: (nonce) => `The escrow holds less than order ${nonce} asks for. Compare what is locked on Ethereum with what was issued.`,
	},
	UnsupportedAsset: {
		code: 'asset-unlisted',
		reason: (nonce, [asset]) => `The contract does not list ${asset}, which order ${nonce} pays. The witnesses can list it.`,
	},
}

/** What will not pass but needs more to be said than the name of the error. */
const FATAL: Record<string, (args: readonly unknown[]) => string> = {
	ExpiryBeforeDelay: ([expiry, executableAt]) =>
		`it is large and would wait until ${executableAt}, but expires at ${expiry} (Unix seconds). It will be refunded then; raise the lifetime of orders on the Stkr chain above a day`,
	WrongWitnessSet: ([given, present]) =>
		`it is for witness set ${given}, whose grace is over; the present one is ${present}. It will be refunded when it expires`,
}

/**
 * @param ethereumSeconds timestamp of Ethereum's latest block: the contract's times are compared with it, not with this machine's clock
 * @returns a `RetryableError` for what passes, with the time when the contract tells one; else a `FatalError`
 */
export function relayRefusal(nonce: bigint, { name, args }: Revert, ethereumSeconds: bigint): RetryableError | FatalError {
	// The next set is known to the chain first.
	if (name === 'WrongWitnessSet' && Number(args[0]) > Number(args[1]))
		return new RetryableError('witness-set-pending', `Order ${nonce} is for witness set ${args[0]}, which the contract does not have yet.`)
	const passing = PASSING[name]
	if (!passing) return new FatalError('relay-refused', `The contract refuses order ${nonce}: ${FATAL[name]?.(args) ?? name}.`)
	const { code, reason, from } = passing
	const retryAfterMs = from === undefined ? undefined : Math.max(0, Number(BigInt(String(args[from])) - ethereumSeconds) * 1_000)
	return new RetryableError(code, reason(nonce, args), { retryAfterMs })
}
