/** The group `stkr-sidecar keys`. What each command runs is loaded when it runs, so that --help does not wait. */
import { Command } from 'commander'

const EXAMPLES = `
Secrets are asked for at the terminal, or read from files of mode 0600 or env:NAME; they are never arguments.
No file is ever overwritten.

Examples:
  # keys of two validators whose withdrawals go to the escrow
  $ stkr-sidecar keys new --network hoodi --withdrawal-address 0x5FbDB2315678afecb367f032d93F642f64180aa3 --count 2 --out ./keys

  # provider (1) and system (2) make a 2-of-2 key that neither ever holds; each runs these, and sends the other its files
  $ stkr-sidecar keys dkg join --index 1 --out ./mine
  $ stkr-sidecar keys dkg deal --secret ./mine/party-1.secret.json --party party-1.json party-2.json --threshold 2 --out ./mine
  $ stkr-sidecar keys dkg accept --secret ./mine/party-1.secret.json --party party-1.json party-2.json --threshold 2 \\
      --deal deal-1.json deal-2.json --out ./mine

  # an exit that both must sign
  $ stkr-sidecar keys sign-exit --share ./mine/share-1.json --network hoodi --validator-index 7 --epoch 1200 --out ./mine
  $ stkr-sidecar keys combine --partial partial-exit-7-1.json partial-exit-7-2.json --out ./exit

Ends with 0 when it is done, with 2 when what was given must be changed, else with 1.`

const make = () => import('./make-keys.ts')
const share = () => import('./share-keys.ts')
const sign = () => import('./sign.ts')

/** A command that writes files, and needs one password. */
function writing(name: string, description: string): Command {
	return new Command(name)
		.description(description)
		.requiredOption('--out <dir>', 'where the new files go')
		.option('--password-file <source>', 'the password: a file of mode 0600, or env:NAME (default: asked for)')
}

const withNetwork = (command: Command): Command =>
	command.requiredOption('--network <name>', 'mainnet, sepolia, hoodi, or the name of a devnet, whose values must be given')

const withDeposit = (command: Command): Command =>
	withNetwork(command)
		.option('--genesis-fork-version <hex>', 'of a devnet, 4 bytes')
		.requiredOption('--withdrawal-address <address>', 'where withdrawals and exits go: the escrow')

const withGuard = (command: Command): Command =>
	command.option('--guard', 'deposit 1 ETH and then 31, against front-running (ESC-6), instead of 32 at once')

const withTree = (command: Command): Command =>
	command
		.option('--count <number>', 'how many keys', '1')
		.option('--index <number>', 'index of the first key in the tree', '0')
		.option('--passphrase-file <source>', 'passphrase of BIP-39, if any: a file of mode 0600, or env:NAME')

const withPlan = (command: Command): Command =>
	command
		.requiredOption('--party <files...>', 'party-*.json of every future holder')
		.requiredOption('--threshold <number>', 'holders needed to sign, at least 2')

const withAccept = (command: Command): Command =>
	withPlan(command)
		.requiredOption('--secret <file>', 'your party-*.secret.json')
		.requiredOption('--deal <files...>', 'deal-*.json of every dealer')
		.option('--share-password-file <source>', 'password of the new share (default: asked for)')

function dkg(): Command {
	return new Command('dkg')
		.description('generate a key of which each party holds a share, and nobody the whole')
		.addCommand(
			writing('join', 'make a party of a session to come, also of a refresh')
				.requiredOption('--index <number>', 'your place among the holders, from 1')
				.action(async (flags) => (await share()).joinSession(flags)),
		)
		.addCommand(
			withPlan(writing('deal', 'deal your part of the key to all parties'))
				.requiredOption('--secret <file>', 'your party-*.secret.json')
				.action(async (flags) => (await share()).dealNewKey(flags)),
		)
		.addCommand(
			withAccept(writing('accept', "verify everyone's deals, and write your share")).action(async (flags) =>
				(await share()).acceptNewKey(flags),
			),
		)
}

function refresh(): Command {
	return new Command('refresh')
		.description('replace all shares of a key by new ones, for the same or other holders and threshold')
		.addCommand(
			withPlan(writing('deal', 'deal your old share to the new holders, who joined with keys dkg join'))
				.requiredOption('--share <file>', 'your old share')
				.requiredOption('--dealers <indices...>', 'old holders who deal, at least the old threshold')
				.action(async (flags) => (await share()).dealOldShare(flags)),
		)
		.addCommand(
			withAccept(writing('accept', 'verify the deals, and write your new share'))
				.requiredOption('--public-key <hex>', 'of the validator, 48 bytes')
				.action(async (flags) => (await share()).acceptRefresh(flags)),
		)
}

/** All commands about validators' keys. */
export function keysCommand(): Command {
	return new Command('keys')
		.description("validators' keys: make, share, sign with, and refresh them (ESC-7)")
		.addHelpText('after', EXAMPLES)
		.addCommand(
			withGuard(withDeposit(withTree(writing('new', 'a new mnemonic, shown once, with its key files and deposit file')))).action(
				async (flags) => (await make()).newKeys(flags),
			),
		)
		.addCommand(
			withTree(writing('derive', 'key files from a mnemonic'))
				.option('--mnemonic-file <source>', 'the mnemonic: a file of mode 0600, or env:NAME (default: asked for)')
				.action(async (flags) => (await make()).derive(flags)),
		)
		.addCommand(
			withGuard(withDeposit(writing('deposit', 'deposit file of a whole key')))
				.requiredOption('--keystore <file>', 'key file of the validator')
				.action(async (flags) => (await make()).deposit(flags)),
		)
		.addCommand(
			withDeposit(new Command('verify-deposit').description('verify everything in a deposit file'))
				.requiredOption('--file <file>', 'deposit_data-*.json')
				.action(async (flags) => (await make()).verifyDeposit(flags)),
		)
		.addCommand(
			writing('split', 'shares of a key that exists whole; better make it shared with keys dkg')
				.requiredOption('--keystore <file>', 'key file of the validator')
				.requiredOption('--threshold <number>', 'holders needed to sign, at least 2')
				.requiredOption('--holders <number>', 'shares in all')
				.option('--share-password-file <sources...>', 'of each share, or one for all (default: asked for)')
				.action(async (flags) => (await share()).splitKey(flags)),
		)
		.addCommand(dkg())
		.addCommand(refresh())
		.addCommand(
			withNetwork(writing('sign-exit', 'sign a voluntary exit with a whole key, or your part with a share'))
				.option('--keystore <file>', 'key file of the validator')
				.option('--share <file>', 'your share of its key')
				.requiredOption('--validator-index <number>', 'on the Beacon chain')
				.requiredOption('--epoch <number>', 'first epoch in which the exit counts')
				.option('--capella-fork-version <hex>', 'of a devnet, 4 bytes')
				.option('--genesis-validators-root <hex>', 'of a devnet, 32 bytes')
				.action(async (flags) => (await sign()).signExitWith(flags)),
		)
		.addCommand(
			withGuard(withDeposit(writing('sign-deposit', 'sign your part of a deposit with a share')))
				.requiredOption('--share <file>', "your share of the validator's key")
				.action(async (flags) => (await sign()).signDepositWith(flags)),
		)
		.addCommand(
			new Command('combine')
				.description('join partial signatures into the signed exit, or the deposit file')
				.requiredOption('--partial <files...>', 'partial-*.json of the holders')
				.requiredOption('--out <dir>', 'where the new file goes')
				.action(async (flags) => (await sign()).combine(flags)),
		)
		.addCommand(
			writing('recover', 'the whole key from its shares: for emergencies, see keys recover without --whole-key')
				.requiredOption('--share <files...>', 'at least the threshold of shares')
				.option('--share-password-file <sources...>', 'of each share, or one for all (default: asked for)')
				.option('--whole-key', 'yes, somebody shall hold the whole key')
				.action(async (flags) => (await share()).recoverKey(flags)),
		)
}
