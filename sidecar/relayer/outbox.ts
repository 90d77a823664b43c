/**
 * The witness's memory: what it owes, what it sent, and how far it has read (SDC-2). Every duty is a row with a unique key and a
 * state machine `observed → submitted → done | failed`; a cursor moves in the transaction that writes what was read up to it.
 */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import type { Hex } from 'viem'
import { type Duty, type DutyKind, decodeDuty, encodeDuty } from './duty.ts'
import { FatalError, messageOf } from './errors.ts'

type DutyState = 'observed' | 'submitted' | 'done' | 'failed'
export type Side = 'ethereum' | 'chain'

/** A signed transaction of either chain, kept whole so that exactly it can be sent again. */
export interface Submission {
	hash: Hex
	raw: Hex
	/** The sending account's nonce. */
	nonce: number
	/** Last block of the Stkr chain that can include it; null for Ethereum, where a transaction does not age. */
	lastBlock: number | null
	submittedAtMs: number
}

export interface OpenDuty<D extends Duty = Duty> {
	id: number
	duty: D
	/** Tries that did not end in `done`. */
	attempts: number
}

export interface InFlightDuty<D extends Duty = Duty> extends OpenDuty<D> {
	submission: Submission
}

/** Whose duties these are: an outbox never serves another witness, escrow or chain. */
export interface OutboxIdentity {
	stkrGenesis: Hex
	witness: Hex
	ethereumChainId: number
	escrow: Hex
	ethereumAccount: Hex
}

const FORMAT_VERSION = 1

const SCHEMA = `
CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (side TEXT PRIMARY KEY CHECK (side IN ('ethereum', 'chain')), block INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE duty (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('attestLock', 'signOrder', 'relayOrder', 'attestOutcome')),
	nonce TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('observed', 'submitted', 'done', 'failed')),
	content TEXT NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	not_before_ms INTEGER NOT NULL DEFAULT 0,
	tx_hash TEXT, tx_raw TEXT, tx_nonce INTEGER, tx_last_block INTEGER, submitted_at_ms INTEGER,
	note TEXT,
	UNIQUE (kind, nonce),
	CHECK ((state = 'submitted') = (tx_raw IS NOT NULL AND tx_hash IS NOT NULL AND tx_nonce IS NOT NULL AND submitted_at_ms IS NOT NULL))
) STRICT;
CREATE INDEX duty_by_nonce ON duty (kind, length(nonce), nonce);
CREATE INDEX open_duty ON duty (state, not_before_ms) WHERE state IN ('observed', 'submitted');
PRAGMA user_version = ${FORMAT_VERSION};`

const CLEAR_SUBMISSION = 'tx_hash = NULL, tx_raw = NULL, tx_nonce = NULL, tx_last_block = NULL, submitted_at_ms = NULL'

type Row = Record<string, SQLOutputValue>

export class Outbox {
	readonly #database: DatabaseSync
	#inTransaction = false

	/**
	 * Opens or makes the outbox in `file`, or in memory with `:memory:`.
	 *
	 * @throws FatalError `outbox-in-use` when another process has it open, `outbox-mismatch` when it belongs to another witness,
	 *   escrow or chain, `outbox-unreadable` when it is damaged or of another format
	 */
	constructor(file: string, identity: OutboxIdentity) {
		try {
			this.#database = new DatabaseSync(file, { timeout: 0 })
		} catch (error) {
			throw new FatalError('outbox-unreadable', `The outbox ${file} cannot be opened: ${messageOf(error)}`, { cause: error })
		}
		try {
			// The exclusive lock is the operating system's: it keeps a second process out and ends with this one, however that ends.
			this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE')
			this.#prepare(file, identity)
			this.#database.exec('COMMIT')
		} catch (error) {
			this.#database.close()
			if (error instanceof FatalError) throw error
			if (messageOf(error).includes('database is locked')) {
				throw new FatalError(
					'outbox-in-use',
					`The outbox ${file} is in use by another process. Each witness needs a data directory of its own: stop the other process or give another --data.`,
				)
			}
			throw new FatalError(
				'outbox-unreadable',
				`The outbox ${file} cannot be read: ${messageOf(error)}. Restore it from a copy, or move it away: the witness then reads both chains from the start, and both refuse what was done before.`,
				{ cause: error },
			)
		}
	}

	#prepare(file: string, identity: OutboxIdentity): void {
		const version = Number(this.#one('PRAGMA user_version').user_version)
		const entries = Object.entries(identity).map(([name, value]) => [name, String(value).toLowerCase()] as const)
		if (version === 0) {
			this.#database.exec(SCHEMA)
			for (const [name, value] of entries) this.#run('INSERT INTO identity (name, value) VALUES (?, ?)', name, value)
			return
		}
		if (version !== FORMAT_VERSION) {
			throw new FatalError(
				'outbox-unreadable',
				`The outbox ${file} has format ${version}, this program reads format ${FORMAT_VERSION}. Use the version that wrote it.`,
			)
		}
		for (const [name, value] of entries) {
			const known = this.#all('SELECT value FROM identity WHERE name = ?', name)[0]?.value
			if (known === value) continue
			throw new FatalError(
				'outbox-mismatch',
				`The outbox ${file} belongs to ${name} ${known}, but this witness runs with ${name} ${value}. Give the data directory that belongs to it, or an empty one.`,
			)
		}
	}

	close(): void {
		this.#database.close()
	}

	/** Runs `work`, which must be synchronous; all it writes is on disk when this returns, or nothing if it throws. */
	transaction(work: () => void): void {
		this.#database.exec('BEGIN IMMEDIATE')
		this.#inTransaction = true
		try {
			work()
			this.#database.exec('COMMIT')
		} catch (error) {
			this.#database.exec('ROLLBACK')
			throw error
		} finally {
			this.#inTransaction = false
		}
	}

	/** The last finalized block that was read; undefined before the first. */
	cursor(side: Side): number | undefined {
		const row = this.#all('SELECT block FROM cursor WHERE side = ?', side)[0]
		return row && Number(row.block)
	}

	/** Moves a cursor, in the same transaction as what was read up to there. */
	setCursor(side: Side, block: number): void {
		this.#requireTransaction('setCursor')
		const { changes } = this.#run(
			'INSERT INTO cursor (side, block) VALUES (?, ?) ON CONFLICT (side) DO UPDATE SET block = excluded.block WHERE excluded.block >= block',
			side,
			block,
		)
		if (changes === 0) throw new Error(`the ${side} cursor cannot move back to block ${block}`)
	}

	/**
	 * Notes a duty, once: known ones are left as they are.
	 *
	 * @returns whether it is new
	 * @throws FatalError `duty-conflict` when the same duty was noted with other content: one of the two was not true
	 */
	observe(duty: Duty, notBeforeMs: number): boolean {
		this.#requireTransaction('observe')
		const content = encodeDuty(duty)
		const nonce = duty.nonce.toString()
		const known = this.#all('SELECT content FROM duty WHERE kind = ? AND nonce = ?', duty.kind, nonce)[0]
		if (!known) {
			this.#run(
				"INSERT INTO duty (kind, nonce, state, content, not_before_ms) VALUES (?, ?, 'observed', ?, ?)",
				duty.kind,
				nonce,
				content,
				notBeforeMs,
			)
			return true
		}
		// More signatures may have come in since a relay was noted; any quorum serves.
		if (known.content !== content && duty.kind !== 'relayOrder') {
			throw new FatalError(
				'duty-conflict',
				`${duty.kind} ${nonce} was ${String(known.content)} before and is ${content} now. Nothing is signed for the second.`,
			)
		}
		return false
	}

	/** Whether the duty was noted, whatever became of it. */
	knows(kind: DutyKind, nonce: bigint): boolean {
		return this.#all('SELECT 1 FROM duty WHERE kind = ? AND nonce = ?', kind, nonce.toString()).length > 0
	}

	/** The highest nonce noted of a kind. */
	highestNonce(kind: DutyKind): bigint | undefined {
		const row = this.#all('SELECT nonce FROM duty WHERE kind = ? ORDER BY length(nonce) DESC, nonce DESC LIMIT 1', kind)[0]
		return row && BigInt(String(row.nonce))
	}

	/** Duties to be done now: new ones first, then those tried before, so that what keeps failing holds up nothing else. */
	due<K extends DutyKind>(kinds: readonly K[], nowMs: number, limit: number): OpenDuty<Extract<Duty, { kind: K }>>[] {
		return this.#all(
			`SELECT id, content, attempts FROM duty WHERE state = 'observed' AND not_before_ms <= ? AND kind IN (${marks(kinds)}) ORDER BY not_before_ms, id LIMIT ?`,
			nowMs,
			...kinds,
			limit,
		).map((row) => openDuty(row))
	}

	/** Duties whose transaction is on its way, by the nonce of the transaction. */
	inFlight<K extends DutyKind>(kinds: readonly K[]): InFlightDuty<Extract<Duty, { kind: K }>>[] {
		return this.#all(`SELECT * FROM duty WHERE state = 'submitted' AND kind IN (${marks(kinds)}) ORDER BY tx_nonce, id`, ...kinds).map(
			(row) => ({
				...openDuty<Extract<Duty, { kind: K }>>(row),
				submission: {
					hash: row.tx_hash as Hex,
					raw: row.tx_raw as Hex,
					nonce: Number(row.tx_nonce),
					lastBlock: row.tx_last_block === null ? null : Number(row.tx_last_block),
					submittedAtMs: Number(row.submitted_at_ms),
				},
			}),
		)
	}

	/** A transaction was signed for the duty: recorded before it is sent. A second one replaces the first (a raised fee). */
	submitted(id: number, { hash, raw, nonce, lastBlock, submittedAtMs }: Submission): void {
		this.#transition(
			id,
			"state = 'submitted', tx_hash = ?, tx_raw = ?, tx_nonce = ?, tx_last_block = ?, submitted_at_ms = ?",
			hash,
			raw,
			nonce,
			lastBlock,
			submittedAtMs,
		)
	}

	done(id: number, note: string): void {
		this.#transition(id, `state = 'done', note = ?, ${CLEAR_SUBMISSION}`, note)
	}

	failed(id: number, note: string): void {
		this.#transition(id, `state = 'failed', note = ?, ${CLEAR_SUBMISSION}`, note)
	}

	/** The duty is to be tried again, not before a time. */
	retry(id: number, note: string, notBeforeMs: number): void {
		this.#transition(id, `state = 'observed', attempts = attempts + 1, note = ?, not_before_ms = ?, ${CLEAR_SUBMISSION}`, note, notBeforeMs)
	}

	/** Gives failed duties another chance, at start: a person may have removed the cause. Returns how many. */
	reviveFailed(): number {
		return Number(this.#run("UPDATE duty SET state = 'observed', not_before_ms = 0 WHERE state = 'failed'").changes)
	}

	/** Number of duties by kind and state; only those that occur. */
	counts(): { kind: DutyKind; state: DutyState; count: number }[] {
		return this.#all('SELECT kind, state, count(*) AS count FROM duty GROUP BY kind, state').map(({ kind, state, count }) => ({
			kind: kind as DutyKind,
			state: state as DutyState,
			count: Number(count),
		}))
	}

	/** Only open duties change state: what is done or failed stays so. */
	#transition(id: number, assignments: string, ...values: (string | number | null)[]): void {
		const { changes } = this.#run(`UPDATE duty SET ${assignments} WHERE id = ? AND state IN ('observed', 'submitted')`, ...values, id)
		if (changes !== 1) throw new Error(`duty ${id} is not open`)
	}

	#requireTransaction(method: string): void {
		if (!this.#inTransaction) throw new Error(`${method} needs a transaction: a cursor and what was read up to it belong together`)
	}

	#run(sql: string, ...values: (string | number | null)[]) {
		return this.#database.prepare(sql).run(...values)
	}

	#all(sql: string, ...values: (string | number)[]): Row[] {
		return this.#database.prepare(sql).all(...values)
	}

	#one(sql: string): Row {
		return this.#all(sql)[0]
	}
}

function marks(values: readonly unknown[]): string {
	return values.map(() => '?').join(', ')
}

function openDuty<D extends Duty>(row: Row): OpenDuty<D> {
	return { id: Number(row.id), duty: decodeDuty(String(row.content)) as D, attempts: Number(row.attempts) }
}
