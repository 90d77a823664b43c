import type { Check, Report } from '../report.ts'
import { closePolkadotJs, openPolkadotJs, type PolkadotJs } from './context.ts'
import { reading } from './reading.ts'
import { refusing } from './refusing.ts'
import { sending } from './sending.ts'
import { upgrading } from './upgrading.ts'

export { closePolkadotJs, openPolkadotJs, type PolkadotJs } from './context.ts'

export const polkadotJsChecks: Check<PolkadotJs>[] = [...reading, ...sending, ...refusing, ...upgrading]

/** An unmodified @polkadot/api on our node. */
export const polkadotJs = async (report: Report): Promise<void> => {
	report.part('polkadot-js', 'an unmodified @polkadot/api on our node')
	const context = await openPolkadotJs()
	try {
		await report.checkAll(polkadotJsChecks, context)
	} finally {
		await closePolkadotJs(context)
	}
}
