import type { Report } from '../report.ts'
import { papiChecks } from './checks.ts'
import { closePapi, openPapi } from './context.ts'

export { papiChecks } from './checks.ts'
export { closePapi, openPapi, type Papi } from './context.ts'

/** A stock polkadot-api client on our node. */
export const papi = async (report: Report): Promise<void> => {
	report.part('papi', 'a stock polkadot-api client on our node')
	const context = await openPapi()
	try {
		await report.checkAll(papiChecks, context)
	} finally {
		await closePapi(context)
	}
}
