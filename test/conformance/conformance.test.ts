import '@stkr/runtime-spec/frame/native/install.ts'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { closePapi, openPapi, type Papi, papiChecks } from './papi/index.ts'
import { closePolkadotJs, openPolkadotJs, type PolkadotJs, polkadotJsChecks } from './polkadot-js/index.ts'

describe('an unmodified polkadot.js on our node', () => {
	let context: PolkadotJs
	beforeAll(async () => {
		context = await openPolkadotJs()
	})
	afterAll(() => closePolkadotJs(context))
	for (const { title, run } of polkadotJsChecks.filter(({ slow }) => !slow)) it(title, () => run(context) as Promise<void>)
})

describe('a stock PAPI client on our node', () => {
	let context: Papi
	beforeAll(async () => {
		context = await openPapi()
	})
	afterAll(() => closePapi(context))
	for (const { title, run } of papiChecks.filter(({ slow }) => !slow)) it(title, () => run(context) as Promise<void>)
})
