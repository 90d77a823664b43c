import type { BlockRef, Chain } from '../chain.ts'

/** The way from one block to another: down to the last block common to both, then up. */
interface Route {
	/** Left, newest first. */
	retired: BlockRef[]
	/** Entered, oldest first. */
	enacted: BlockRef[]
}

/** Both blocks must be known and of one chain. */
export const routeBetween = (chain: Pick<Chain, 'header'>, from: BlockRef, to: BlockRef): Route => {
	const route: Route = { retired: [], enacted: [] }
	const parentOf = ({ hash, number }: BlockRef): BlockRef => ({ hash: chain.header(hash)!.parentHash, number: number - 1 })
	while (from.hash !== to.hash) {
		const [down, up] = [from.number >= to.number, to.number >= from.number]
		if (down) {
			route.retired.push(from)
			from = parentOf(from)
		}
		if (up) {
			route.enacted.unshift(to)
			to = parentOf(to)
		}
	}
	return route
}
