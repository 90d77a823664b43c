import type { Network } from './network.ts'
import type { Steps } from './steps.ts'

/** What a proof works with. */
export interface Context {
	/** Up and healthy at the start of each proof, and left so. */
	network: Network
	steps: Steps
	/** The Rust node. */
	binary: string
	/** For chain data, logs and files of this run. */
	dir: string
	/** Signed calls that proof 3 makes. */
	calls: number
	/** Hears of a node that ends by itself. */
	onFailure: (error: Error) => void
}

export interface Proof {
	title: string
	run(context: Context): Promise<void>
}
