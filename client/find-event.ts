import type { Event } from '@polkadot/types/interfaces'
import type { AnyTuple, IEvent } from '@polkadot/types/types'

/** One of `client.api.events.<pallet>.<Event>`. */
interface EventKind<T extends AnyTuple, N> {
	is(event: IEvent<AnyTuple>): event is IEvent<T, N>
}

/** The fields of the first event of a kind, by name; undefined when there is none. */
export const findEvent = <T extends AnyTuple, N>(events: readonly Event[], kind: EventKind<T, N>): IEvent<T, N>['data'] | undefined => {
	const found: IEvent<AnyTuple> | undefined = events.find((event) => kind.is(event))
	return found && kind.is(found) ? found.data : undefined
}

/**
 * The fields of the event that a call emits whenever it succeeds.
 *
 * @throws Error when there is none: the chain's runtime is not the one this client was built for
 */
export const expectEvent = <T extends AnyTuple, N>(events: readonly Event[], kind: EventKind<T, N>, name: string): IEvent<T, N>['data'] => {
	const data = findEvent(events, kind)
	if (data) return data
	const found = events.map(({ section, method }) => `${section}.${method}`).join(', ')
	throw new Error(
		`the call succeeded without ${name} (only ${found}): the chain runs another runtime than this client; build it anew from the chain's metadata`,
	)
}
