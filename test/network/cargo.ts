import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const CRATE = fileURLToPath(new URL('../../node/substrate', import.meta.url))
const BINARY = 'stkr-substrate-node'

/** Why the Rust node can't be built here, and what to install. */
export class CargoError extends Error {}

const answers = (command: string): boolean => spawnSync(command, ['--version'], { cwd: CRATE, stdio: 'ignore' }).status === 0

/** Cargo reads `CARGO_TARGET_DIR` relative to where it runs; we say it absolutely. */
const targetDirectory = (): string => {
	const given = process.env.CARGO_TARGET_DIR
	return given ? resolve(given) : join(CRATE, 'target')
}

/**
 * Builds the Rust node where it is not built yet or its sources have changed, and gives the path of the program. The first build
 * compiles polkadot-sdk, which takes a long while; `progress` hears of it, and cargo prints what it compiles. `signal` ends it.
 * Throws `CargoError`.
 */
export const buildSubstrateNode = async (progress: (line: string) => void, signal: AbortSignal): Promise<string> => {
	if (!answers('cargo'))
		throw new CargoError(
			'cargo was not found or does not run in node/substrate: install Rust by rustup (it reads the version from node/substrate/rust-toolchain.toml), then try again',
		)
	const target = targetDirectory()
	const binary = join(target, 'release', BINARY)
	if (!existsSync(binary)) {
		if (!answers(process.env.PROTOC ?? 'protoc'))
			throw new CargoError(
				'protoc was not found, which the network crates need to build: install it (Debian: protobuf-compiler, macOS: brew install protobuf), or name it in PROTOC',
			)
		progress('first build of the Substrate node: hundreds of crates, up to an hour on two cores; later runs reuse it')
	}
	await new Promise<void>((done, failed) => {
		const cargo = spawn('cargo', ['build', '--release', '--locked'], {
			cwd: CRATE,
			env: { ...process.env, CARGO_TARGET_DIR: target },
			stdio: ['ignore', 'ignore', 'inherit'],
			signal,
		})
		cargo.once('error', failed)
		cargo.once('exit', (code, signal) => {
			if (code === 0) done()
			else failed(new CargoError(`cargo build in node/substrate failed (${signal ?? `code ${code}`}); what it printed says why`))
		})
	})
	return binary
}
