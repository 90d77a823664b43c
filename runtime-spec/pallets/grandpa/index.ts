import { block } from '../../frame/block.ts'
import { ascii } from '../../frame/bytes.ts'
import { events } from '../../frame/events.ts'
import { pallet } from '../../frame/pallet.ts'
import { fixedBytes, tuple, u64, type Value, vec, writer } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { depositLog } from '../../frame/system/index.ts'

const ENGINE = ascii('FRNK')

/** An ed25519 public key that votes on finality. */
export const grandpaId = fixedBytes(32, 'sp_consensus_grandpa::app::Public')
/** Voters with their weight. */
export const authorityList = vec(tuple(grandpaId, u64))

export const storage = {
	/** Who votes on finality, with weights. Sessions change it. */
	authorities: value(authorityList, () => []),
	/** Changes of the set so far; part of every vote. */
	currentSetId: value(u64, () => 0n),
}

export const event = events({
	/** A new set of voters is in force from the next block on. */
	NewAuthorities: { authoritySet: authorityList },
})

/** Replaces the voters: this block is the last one the old set finalises. Announced in the block's digest, with delay 0. */
export const changeVoters = (next: Value<typeof authorityList>): void => {
	storage.authorities.put(next)
	if (block.number === 0) return // genesis has no digest, and set 0
	storage.currentSetId.put(storage.currentSetId.get() + 1n)
	const mark = writer.at
	writer.u8(1) // ConsensusLog::ScheduledChange
	authorityList.write(writer, next)
	writer.u32(0)
	depositLog({ type: 'Consensus', value: [ENGINE, writer.take(mark)] })
	event.NewAuthorities({ authoritySet: next })
}

/** Finality by voting (pallet_grandpa, CNS-1): keeps the voters and signals their changes in digests. */
export const grandpa = pallet('Grandpa', { storage, events: event })
