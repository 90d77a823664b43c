/** Configuration of a witness or a watcher: flags, a file, or both, in which case flags win. */
import { readFileSync } from 'node:fs'
import type { Address, Hex } from 'viem'
import { isAddress } from 'viem'
import { z } from 'zod'
import { FatalError, messageOf } from './errors.ts'

/** GENESIS_FORK_VERSION of public networks by chain id; deposits are signed for it. */
const GENESIS_FORK_VERSIONS: Record<number, Hex> = {
	1: '0x00000000',
	17000: '0x01017000',
	560048: '0x10000910',
	11155111: '0x90000069',
}

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const url = (...protocols: string[]) =>
	z
		.string()
		.refine(
			(value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
			`expected a URL with ${protocols.join(' or ')}//`,
		)

/** What every process of an operator is told. */
const common = {
	/** JSON-RPC of a Stkr node. */
	chain: url('ws:', 'wss:'),
	/** JSON-RPC of an Ethereum execution client. */
	ethereum: url('http:', 'https:'),
	escrow: z.custom<Address>((value) => typeof value === 'string' && isAddress(value), 'expected an Ethereum address'),
	pollMs: whole(50, 600_000).default(4_000),
	maxFeeGwei: whole(1, 100_000).default(200),
	host: z.string().default('127.0.0.1'),
	log: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
}

const witnessSchema = z.strictObject({
	...common,
	/** Directory of this witness alone. */
	data: z.string().min(1),
	account: z.string().min(1),
	ethereumKey: z.string().min(1),
	genesisForkVersion: z
		.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-fA-F]{8}$/.test(value), 'expected 4 bytes in hexadecimal')
		.optional(),
	ethereumStartBlock: whole(0, Number.MAX_SAFE_INTEGER).default(0),
	logRange: whole(1, 1_000_000).default(2_000),
	relayStaggerMs: whole(0, 3_600_000).default(24_000),
	resendMs: whole(100, 3_600_000).default(30_000),
	/** 0 takes any free port. */
	port: whole(0, 65_535).default(9_615),
})

const watchSchema = z
	.strictObject({
		...common,
		/** A finalized head that did not move for so long is stalled. */
		chainStallMs: whole(1_000, 86_400_000).default(120_000),
		/** Ethereum finalizes every 6.4 minutes: almost four times that. */
		ethereumStallMs: whole(1_000, 86_400_000).default(1_500_000),
		/** An order that is open for so long, the wait of large ones apart, is stuck. */
		orderAgeMs: whole(1_000, 31_536_000_000).default(7_200_000),
		/** A shortage counts once it has lasted so long: the nodes may be a moment apart. */
		confirmMs: whole(0, 3_600_000).default(60_000),
		pause: z.boolean().default(false),
		ethereumKey: z.string().min(1).optional(),
		pausePeer: z.array(url('http:', 'https:')).default([]),
		/** 0 takes any free port. */
		port: whole(0, 65_535).default(9_616),
	})
	.refine(({ pause, ethereumKey }) => pause === (ethereumKey !== undefined), {
		path: ['ethereumKey'],
		message: '--pause signs with the Ethereum key of a witness: give both or neither',
	})

export type WitnessConfig = z.output<typeof witnessSchema>
export type WatchConfig = z.output<typeof watchSchema>

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/**
 * @param flags those that were given on the command line
 * @param file path of a JSON file with the same names in camel case
 * @throws FatalError `config` listing everything that is wrong
 */
export function readConfig(flags: Record<string, unknown>, file: string | undefined): WitnessConfig {
	return parseConfig('witness', witnessSchema, flags, file)
}

/** As `readConfig`, for a watcher. */
export function readWatchConfig(flags: Record<string, unknown>, file: string | undefined): WatchConfig {
	return parseConfig('watch', watchSchema, flags, file)
}

function parseConfig<S extends z.ZodType>(
	command: string,
	schema: S,
	flags: Record<string, unknown>,
	file: string | undefined,
): z.output<S> {
	let fromFile: object = {}
	if (file !== undefined) {
		let parsed: unknown
		try {
			parsed = JSON.parse(readFileSync(file, 'utf8'))
		} catch (error) {
			throw new FatalError(
				'config',
				`The configuration ${file} cannot be read: ${messageOf(error)}. Give a JSON file with names such as "ethereumKey".`,
			)
		}
		if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
			throw new FatalError('config', `The configuration ${file} is no JSON object.`)
		}
		fromFile = parsed
	}
	const given = Object.entries(flags).filter(([, value]) => value !== undefined)
	const result = schema.safeParse({ ...fromFile, ...Object.fromEntries(given) })
	if (result.success) return result.data
	const problems = result.error.issues.map(({ path, message, code }) =>
		code === 'unrecognized_keys' ? `  ${message}` : `  ${flagOf(String(path[0]))}: ${message}`,
	)
	throw new FatalError(
		'config',
		`stkr-sidecar ${command} cannot start with this configuration:\n${problems.join('\n')}\nSee stkr-sidecar ${command} --help.`,
	)
}

/**
 * The fork version that deposits on this network are signed for.
 *
 * @throws FatalError `config` for a network that is not known
 */
export function genesisForkVersion(chainId: number, configured: Hex | undefined): Hex {
	const known = GENESIS_FORK_VERSIONS[chainId]
	if (configured !== undefined && known !== undefined && configured.toLowerCase() !== known) {
		throw new FatalError(
			'config',
			`--genesis-fork-version is ${configured}, but that of Ethereum chain ${chainId} is ${known}. Leave the option out.`,
		)
	}
	const version = known ?? configured
	if (version) return version
	throw new FatalError(
		'config',
		`Ethereum chain ${chainId} is no public network: give its GENESIS_FORK_VERSION as --genesis-fork-version, for the check of validators' deposits.`,
	)
}
