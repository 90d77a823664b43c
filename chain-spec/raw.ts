import '@stkr/runtime-spec/frame/native/install.ts'
import { toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import { useHost } from '@stkr/runtime-spec/frame/host.ts'
import { GenesisError } from '@stkr/runtime-spec/frame/json.ts'
import { nativeHost } from '@stkr/runtime-spec/frame/native/host.ts'
import { MemoryState } from '@stkr/runtime-spec/frame/native/state.ts'
import { buildState } from '@stkr/runtime-spec/runtime/genesis.ts'
import { ChainSpecError, type PlainSpec, type RawSpec } from './schema.ts'

const CODE = '0x3a636f6465'

/**
 * The genesis state of a plain spec, key by key in order: the pallets' own genesis builders on the config, and the code.
 * Same spec, same bytes. Throws `ChainSpecError` when a pallet refuses its config.
 */
export const toRaw = ({ genesis, ...head }: PlainSpec): RawSpec => {
	const { code, config } = genesis.runtimeGenesis
	if (code.length < 10)
		throw new ChainSpecError(
			`genesis.runtimeGenesis.code is ${(code.length - 2) / 2} bytes: put the runtime blob there (npm run build makes it)`,
		)
	const state = new MemoryState()
	useHost(nativeHost(state))
	try {
		buildState(JSON.stringify(config))
	} catch (thrown) {
		if (thrown instanceof GenesisError) throw new ChainSpecError(`the runtime refuses this genesis: ${thrown.message}`)
		throw thrown
	}
	const entries: [string, string][] = [...state.entries().map(([key, value]): [string, string] => [key, toHex(value)]), [CODE, code]]
	entries.sort(([a], [b]) => (a < b ? -1 : 1))
	return { ...head, genesis: { raw: { top: Object.fromEntries(entries), childrenDefault: {} } } }
}
