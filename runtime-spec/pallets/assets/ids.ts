/** Ether locked in the escrow on Ethereum and issued here one to one (ESC-1): 18 decimals, amounts in wei. */
export const ETH = 1

/** Liquid staking token of ETH staked through the chain (LST-1): 18 decimals, amounts in wei. */
export const AETH = 2
