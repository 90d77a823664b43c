/** `keys sign-exit`, `sign-deposit`, `combine`: signatures by a whole key, or by its holders together. */
import { join } from 'node:path'
import { FatalError } from '../../relayer/errors.ts'
import { GUARDED_DEPOSIT, WHOLE_DEPOSIT, writeDepositFile } from '../deposit-file.ts'
import { signExit } from '../exit.ts'
import { readJson, toJson, writeNewFile } from '../files.ts'
import { readKeystore } from '../keystore.ts'
import { type NetworkFlags, networkOf } from '../networks.ts'
import { joinPartials, partialToJson, signMessages } from '../partials.ts'
import { partialFileSchema, type SharedMessage } from '../schemas.ts'
import { readShare } from '../share-file.ts'
import { type DepositFlags, depositExpectation } from './make-keys.ts'
import { makeDirectory, nowSeconds, print, u64, warn } from './output.ts'
import { secretFrom } from './password.ts'

interface SignFlags {
	out: string
	passwordFile?: string
}

type ExitFlags = SignFlags & NetworkFlags & { keystore?: string; share?: string; validatorIndex: string; epoch: string }

export async function signExitWith(flags: ExitFlags): Promise<void> {
	const network = networkOf(flags, ['capellaForkVersion', 'genesisValidatorsRoot'])
	const exit = { epoch: u64('--epoch', flags.epoch), validatorIndex: u64('--validator-index', flags.validatorIndex) }
	if ((flags.keystore === undefined) === (flags.share === undefined)) {
		throw new FatalError('option', 'Give one of --keystore (a whole key) and --share (a share of one).')
	}
	if (flags.share !== undefined) {
		const { capellaForkVersion, genesisValidatorsRoot } = network
		await signWithShare(
			flags.share,
			`exit-${exit.validatorIndex}`,
			[{ kind: 'exit', ...exit, capellaForkVersion, genesisValidatorsRoot }],
			flags,
		)
		return
	}
	const file = flags.keystore!
	const { secretKey, path, publicKey } = await readKeystore(file, await passwordOf(file, flags))
	if (path.startsWith('stkr/')) throw new FatalError('keystore', `${file} is no whole key of a validator: give a share as --share.`)
	writeExit(flags.out, signExit(secretKey, exit, network))
	print(`key ${publicKey}`)
}

export async function signDepositWith(flags: SignFlags & DepositFlags & { share: string; guard?: boolean }): Promise<void> {
	const { withdrawalCredentials, network } = depositExpectation(flags)
	const messages = (flags.guard ? GUARDED_DEPOSIT : WHOLE_DEPOSIT).map((amountGwei) => ({
		kind: 'deposit' as const,
		networkName: network.name,
		genesisForkVersion: network.genesisForkVersion,
		withdrawalCredentials,
		amountGwei,
	}))
	await signWithShare(flags.share, 'deposit', messages, flags)
}

export async function combine({ partial, out }: { partial: string[]; out: string }): Promise<void> {
	const files = partial.map((file) => readJson(file, 'file of a partial signature', partialFileSchema))
	const { publicKey, exits, deposits, wrong } = joinPartials(files)
	if (wrong.length > 0) warn(`Left out, because it is wrong: the partial signature of holder ${wrong.join(', ')}.`)
	makeDirectory(out)
	for (const exit of exits) writeExit(out, exit)
	if (deposits.length > 0) {
		const [{ data, networkName, genesisForkVersion }] = deposits
		const network = { name: networkName, genesisForkVersion }
		const expected = { withdrawalCredentials: data.withdrawalCredentials, network }
		print(
			writeDepositFile(
				out,
				deposits.map((one) => one.data),
				expected,
				nowSeconds(),
			),
			`withdrawals go to ${data.withdrawalCredentials}`,
		)
	}
	print(`key ${publicKey}`)
}

const passwordOf = (file: string, { passwordFile }: SignFlags): Promise<string> =>
	secretFrom({ what: `Password of ${file}`, option: '--password-file', source: passwordFile })

async function signWithShare(file: string, name: string, messages: SharedMessage[], flags: SignFlags): Promise<void> {
	const share = await readShare(file, await passwordOf(file, flags))
	makeDirectory(flags.out)
	const out = join(flags.out, `partial-${name}-${share.index}.json`)
	writeNewFile(out, toJson(partialToJson(signMessages(share, messages))))
	print(out)
}

function writeExit(directory: string, exit: ReturnType<typeof signExit>): void {
	makeDirectory(directory)
	const file = join(directory, `signed_exit_transaction-${exit.message.validator_index}-${nowSeconds()}.json`)
	writeNewFile(file, toJson(exit))
	print(file)
}
