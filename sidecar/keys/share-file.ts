/** Shares and parties' secrets on disk: encrypted as key files are (EIP-2335), with the group in the description. */
import { z } from 'zod'
import { FatalError } from '../relayer/errors.ts'
import type { PartySecret } from './dealing.ts'
import { readKeystore, writeKeystore } from './keystore.ts'
import { groupSchema } from './schemas.ts'
import { groupPublicKey, type Share, verifyShare } from './shares.ts'

/** In place of an EIP-2334 path: these keys belong to no tree, and no validator client should take them for its own. */
const SHARE_PATH = /^stkr\/share\/(\d+)$/
const PARTY_PATH = /^stkr\/party\/(\d+)$/

const description = z.object({ groupPublicKey: z.string(), group: groupSchema })

/** Writes a share into a new file of mode 0600. @throws FatalError as `writeKeystore` */
export async function writeShare(file: string, share: Share, password: string): Promise<void> {
	const { group, index, secretKey } = share
	await writeKeystore(file, {
		secretKey,
		path: `stkr/share/${index}`,
		description: JSON.stringify({ groupPublicKey: groupPublicKey(group), group }),
		password,
	})
}

/** Reads a share, and checks it against its commitments. @throws FatalError `share`, or as `readKeystore` */
export async function readShare(file: string, password: string): Promise<Share> {
	const { secretKey, path, description: text } = await readKeystore(file, password)
	const index = SHARE_PATH.exec(path)?.[1]
	if (index === undefined) throw new FatalError('share', `${file} is no file of a share: it holds a key at ${path || 'no path'}.`)
	const share = { group: parseGroup(file, text), index: Number(index), secretKey }
	verifyShare(share)
	return share
}

function parseGroup(file: string, text: string): Share['group'] {
	try {
		return description.parse(JSON.parse(text)).group
	} catch {
		throw new FatalError('share', `The description in ${file} does not name the group of the share: it was changed.`)
	}
}

/** Writes a party's secret into a new file of mode 0600. @throws FatalError as `writeKeystore` */
export async function writePartySecret(file: string, { index, secretKey }: PartySecret, password: string): Promise<void> {
	await writeKeystore(file, { secretKey, path: `stkr/party/${index}`, password })
}

/** @throws FatalError `plan` when it is no file of a party, or as `readKeystore` */
export async function readPartySecret(file: string, password: string): Promise<PartySecret> {
	const { secretKey, path } = await readKeystore(file, password)
	const index = PARTY_PATH.exec(path)?.[1]
	if (index === undefined) throw new FatalError('plan', `${file} is no file of a party's secret: it holds a key at ${path || 'no path'}.`)
	return { index: Number(index), secretKey }
}
