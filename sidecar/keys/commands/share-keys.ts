/** `keys split`, `dkg`, `refresh`, `recover`: keys that nobody holds whole. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { FatalError } from '../../relayer/errors.ts'
import { accept, type Deal, dealNew, dealRefresh, newParty, type Plan } from '../dealing.ts'
import { readJson, toJson, writeNewFile } from '../files.ts'
import { readKeystore, writeKeystore } from '../keystore.ts'
import { dealSchema, partySchema } from '../schemas.ts'
import { readPartySecret, readShare, writePartySecret, writeShare } from '../share-file.ts'
import { type Group, groupPublicKey, recover, type Share, split } from '../shares.ts'
import { makeDirectory, print, warn, wholeNumber } from './output.ts'
import { secretFrom, secretsFor } from './password.ts'

/** Others may read what they are meant to get. */
const PUBLIC_FILE = 0o644

const SHARE_PASSWORDS = '--share-password-file'

interface OutFlags {
	out: string
	passwordFile?: string
}

/** What holders compare before ETH is sent: equal when, and only when, they hold shares of one and the same group. */
function fingerprint(group: Group): string {
	return createHash('sha256')
		.update(JSON.stringify([group.threshold, group.holders, group.commitments]))
		.digest('hex')
		.slice(0, 32)
}

function printGroup(group: Group): void {
	print(`key ${groupPublicKey(group)}`, `group ${group.threshold}-of-${group.holders}, fingerprint ${fingerprint(group)}`)
}

const oldPassword = (file: string, source: string | undefined) =>
	secretFrom({ what: `Password of ${file}`, option: '--password-file', source })

export async function splitKey(
	flags: OutFlags & { keystore: string; threshold: string; holders: string; sharePasswordFile?: string[] },
): Promise<void> {
	const [threshold, holders] = [wholeNumber('--threshold', flags.threshold), wholeNumber('--holders', flags.holders)]
	const { secretKey, path } = await readKeystore(flags.keystore, await oldPassword(flags.keystore, flags.passwordFile))
	if (path.startsWith('stkr/')) throw new FatalError('keystore', `${flags.keystore} is no whole key: only whole keys are split.`)
	const shares = split(secretKey, threshold, holders)
	await writeShares(shares, flags)
	printGroup(shares[0].group)
	warn('The whole key still exists in its key file and its mnemonic. Once every holder has its share, destroy it or lock it away.')
}

async function writeShares(shares: Share[], { out, sharePasswordFile }: { out: string; sharePasswordFile?: string[] }): Promise<void> {
	const files = shares.map(({ index }) => join(out, `share-${index}.json`))
	const passwords = await secretsFor(files, SHARE_PASSWORDS, sharePasswordFile, true)
	makeDirectory(out)
	for (const [place, share] of shares.entries()) {
		await writeShare(files[place], share, passwords[place])
		print(files[place])
	}
}

export async function joinSession({ out, index, passwordFile }: OutFlags & { index: string }): Promise<void> {
	const { party, secret } = newParty(wholeNumber('--index', index, 1))
	const secretFile = join(out, `party-${index}.secret.json`)
	const password = await secretFrom({ what: `Password of ${secretFile}`, option: '--password-file', source: passwordFile, isNew: true })
	makeDirectory(out)
	await writePartySecret(secretFile, secret, password)
	const publicFile = join(out, `party-${index}.json`)
	writeNewFile(publicFile, toJson(party), PUBLIC_FILE)
	print(secretFile, publicFile, `party ${index} ${party.publicKey}`)
	warn(`Send ${publicFile} to the others, and read its key to them over another channel. Keep ${secretFile} until you have your share.`)
}

interface PlanFlags {
	party: string[]
	threshold: string
}

function planOf({ party, threshold }: PlanFlags): Plan {
	const parties = party.map((file) => readJson(file, "party's file", partySchema)).sort((a, b) => a.index - b.index)
	return { threshold: wholeNumber('--threshold', threshold), parties }
}

export async function dealNewKey(flags: OutFlags & PlanFlags & { secret: string }): Promise<void> {
	const plan = planOf(flags)
	const secret = await readPartySecret(flags.secret, await oldPassword(flags.secret, flags.passwordFile))
	writeDeal(flags.out, dealNew(plan, secret))
}

export async function dealOldShare(flags: OutFlags & PlanFlags & { share: string; dealers: string[] }): Promise<void> {
	const share = await readShare(flags.share, await oldPassword(flags.share, flags.passwordFile))
	const dealers = flags.dealers.map((dealer) => wholeNumber('--dealers', dealer, 1))
	writeDeal(flags.out, dealRefresh({ ...planOf(flags), previous: { group: share.group, dealers } }, share))
}

function writeDeal(out: string, deal: Deal): void {
	makeDirectory(out)
	const file = join(out, `deal-${deal.dealer}.json`)
	writeNewFile(file, toJson(deal), PUBLIC_FILE)
	print(file)
	warn(`Send ${file} to every party: what is meant for one of them is encrypted to it.`)
}

type AcceptFlags = OutFlags & PlanFlags & { secret: string; deal: string[]; sharePasswordFile?: string }

export async function acceptNewKey(flags: AcceptFlags): Promise<void> {
	await acceptDeals(flags, readDeals(flags), planOf(flags))
}

export async function acceptRefresh(flags: AcceptFlags & { publicKey: string }): Promise<void> {
	const deals = readDeals(flags)
	const [{ previous, dealer }] = deals
	const other = deals.find((deal) => JSON.stringify(deal.previous) !== JSON.stringify(previous))
	if (!previous || other) {
		throw new FatalError(
			'deal',
			other
				? `Dealers ${dealer} and ${other.dealer} name different groups or dealers of the refresh: one of them is wrong, ask the old holders.`
				: `The deal of dealer ${dealer} is for a new key and not for a refresh: use keys dkg accept.`,
		)
	}
	if (groupPublicKey(previous.group) !== flags.publicKey.toLowerCase()) {
		throw new FatalError('deal', `The deals refresh ${groupPublicKey(previous.group)}, and --public-key is ${flags.publicKey}.`)
	}
	await acceptDeals(flags, deals, { ...planOf(flags), previous })
	warn('Destroy every old share, in every backup, once all holders have their new ones: enough old ones still make the key.')
}

const readDeals = ({ deal }: AcceptFlags): Deal[] => deal.map((file) => readJson(file, 'deal', dealSchema))

async function acceptDeals(flags: AcceptFlags, deals: Deal[], plan: Plan): Promise<void> {
	const secret = await readPartySecret(flags.secret, await oldPassword(flags.secret, flags.passwordFile))
	const share = accept(plan, secret, deals)
	await writeShares([share], { out: flags.out, sharePasswordFile: flags.sharePasswordFile ? [flags.sharePasswordFile] : undefined })
	printGroup(share.group)
	warn(
		`Compare the fingerprint with all other parties before anyone deposits. Then destroy ${flags.secret}: with the deals it opens the share.`,
	)
}

export async function recoverKey(flags: OutFlags & { share: string[]; sharePasswordFile?: string[]; wholeKey?: boolean }): Promise<void> {
	if (!flags.wholeKey) {
		throw new FatalError(
			'share',
			'Recovery puts the whole key into one hand, which can then sign, be slashed, and exit alone. Holders need it for nothing: they sign together with keys sign-exit and keys combine, and replace a lost share with keys refresh. To recover nevertheless, add --whole-key.',
		)
	}
	const passwords = await secretsFor(flags.share, SHARE_PASSWORDS, flags.sharePasswordFile, false)
	const shares: Share[] = []
	for (const [place, file] of flags.share.entries()) shares.push(await readShare(file, passwords[place]))
	const secretKey = recover(shares)
	const publicKey = groupPublicKey(shares[0].group)
	const file = join(flags.out, `keystore-recovered-${publicKey.slice(2, 14)}.json`)
	const password = await secretFrom({ what: `Password of ${file}`, option: '--password-file', source: flags.passwordFile, isNew: true })
	makeDirectory(flags.out)
	await writeKeystore(file, { secretKey, path: '', password })
	print(file, `key ${publicKey}`)
	warn('This file holds the whole key. Nothing that holders agreed on protects it any more.')
}
