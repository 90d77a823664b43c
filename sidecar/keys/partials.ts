/** Files of partial signatures: what a holder signed, so that whoever joins them computes anew what was signed. */

import type { Hex } from 'viem'
import { type DepositData, verifyDepositData } from '../contracts/deposit-data.ts'
import { FatalError } from '../relayer/errors.ts'
import { exitRoot, type SignedVoluntaryExit, signedExit } from './exit.ts'
import type { PartialFile, SharedMessage } from './schemas.ts'
import { combine, groupPublicKey, type Share, signPartial } from './shares.ts'
import { depositDataRoot, depositSigningRoot } from './signing-roots.ts'

/** What came out of joining: exits and deposits as the chain takes them, and holders whose signature was wrong. */
export interface Joined {
	publicKey: Hex
	exits: SignedVoluntaryExit[]
	deposits: { data: DepositData; networkName: string; genesisForkVersion: Hex }[]
	wrong: number[]
}

function signingRoot(message: SharedMessage, pubkey: Hex): Uint8Array {
	return message.kind === 'exit' ? exitRoot(message, message) : depositSigningRoot({ pubkey, ...message }, message.genesisForkVersion)
}

/** A holder's signatures of messages. */
export function signMessages(share: Share, messages: SharedMessage[]): PartialFile {
	const { group, index } = share
	const publicKey = groupPublicKey(group)
	const signed = messages.map((message) => ({ message, signature: signPartial(share, signingRoot(message, publicKey)).signature }))
	return { group, index, signed }
}

/** As JSON: u64 as decimal strings. */
export function partialToJson(partial: PartialFile): unknown {
	return JSON.parse(JSON.stringify(partial, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
}

/**
 * Joins the holders' files into signatures of the group's key.
 *
 * @throws FatalError `partial` when the files are of different groups or messages, or too few are right
 */
export function joinPartials(files: PartialFile[]): Joined {
	const [{ group, signed }] = files
	const agreed = (file: PartialFile) =>
		JSON.stringify(partialToJson({ ...file, index: 1, signed: file.signed.map((one) => ({ ...one, signature: '0x' })) }))
	const other = files.find((file) => agreed(file) !== agreed(files[0]))
	if (other) {
		throw new FatalError(
			'partial',
			`Holders ${files[0].index} and ${other.index} signed different messages, or belong to different groups: was one share refreshed and the other not?`,
		)
	}
	const joined: Joined = { publicKey: groupPublicKey(group), exits: [], deposits: [], wrong: [] }
	signed.forEach(({ message }, place) => {
		const partials = files.map((file) => ({ index: file.index, signature: file.signed[place].signature }))
		const { signature, wrong } = combine(group, signingRoot(message, joined.publicKey), partials)
		joined.wrong = [...new Set([...joined.wrong, ...wrong])]
		if (message.kind === 'exit') joined.exits.push(signedExit(message, signature))
		else joined.deposits.push(depositOf(message, joined.publicKey, signature))
	})
	return joined
}

/** @throws FatalError `deposit` when it would not count on the Beacon chain */
function depositOf(message: Extract<SharedMessage, { kind: 'deposit' }>, pubkey: Hex, signature: Hex): Joined['deposits'][number] {
	const { withdrawalCredentials, amountGwei, genesisForkVersion, networkName } = message
	const depositRoot = depositDataRoot({ pubkey, withdrawalCredentials, amountGwei }, signature)
	const data = { pubkey, withdrawalCredentials, amountGwei, signature, depositDataRoot: depositRoot }
	const verdict = verifyDepositData(data, message)
	if (!verdict.valid) throw new FatalError('deposit', verdict.message)
	return { data, networkName, genesisForkVersion }
}
