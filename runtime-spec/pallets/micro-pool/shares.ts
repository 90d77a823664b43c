/** Tenths of FP and of rewards, as the protocol gives them (POO-3, POO-5). */
const TENTHS = 10n

/** POO-3: nine tenths of the collected FP go to the provider, rounded down; the Reward Pool's tenth takes the rest. Sums exactly. */
export const splitFees = (feesPlanck: bigint): { providerPlanck: bigint; rewardPoolPlanck: bigint } => {
	const providerPlanck = (feesPlanck * 9n) / TENTHS
	return { providerPlanck, rewardPoolPlanck: feesPlanck - providerPlanck }
}

/**
 * POO-5: a tenth to the Insurance Pool, a tenth to the Reward Pool, eight tenths to the stake: `collateralWei` of it the provider's,
 * `stakedWei` the members', who get theirs as aETH holders. Each part is rounded down and the Reward Pool takes what is left over
 * (less than 3 wei), so that the parts sum exactly to `amountWei`.
 */
export const rewardShares = (
	amountWei: bigint,
	collateralWei: bigint,
	stakedWei: bigint,
): { insuranceWei: bigint; rewardPoolWei: bigint; providerWei: bigint; holdersWei: bigint } => {
	const insuranceWei = amountWei / TENTHS
	const whole = TENTHS * (collateralWei + stakedWei)
	const providerWei = (amountWei * 8n * collateralWei) / whole
	const holdersWei = (amountWei * 8n * stakedWei) / whole
	return { insuranceWei, rewardPoolWei: amountWei - insuranceWei - providerWei - holdersWei, providerWei, holdersWei }
}
