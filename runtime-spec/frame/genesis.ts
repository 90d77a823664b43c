import { fromHex } from './bytes.ts'
import { GenesisError, type JsonValue } from './json.ts'

/**
 * Reads one pallet's genesis config, value by value. Every error names the path and what belongs there, e.g.
 * `balances.balances[2][1]: expected an amount in plancks, got true`.
 */
export class GenesisReader {
	readonly path: string
	readonly value: JsonValue | undefined
	constructor(path: string, value: JsonValue | undefined) {
		this.path = path
		this.value = value
	}
	private wrong(wanted: string): never {
		const { value } = this
		const got =
			value === undefined
				? 'nothing'
				: Array.isArray(value)
					? `a list of ${value.length}`
					: value === null
						? 'null'
						: typeof value === 'object'
							? 'an object'
							: `${value}`
		throw new GenesisError(`${this.path}: expected ${wanted}, got ${got}`)
	}
	/** Throws a `GenesisError` at this place. */
	refuse(why: string): never {
		throw new GenesisError(`${this.path}: ${why}`)
	}
	get absent(): boolean {
		return this.value === undefined || this.value === null
	}
	/** A field of an object; absent objects have absent fields. `known` lists all names the object may have. */
	field(name: string, known: readonly string[]): GenesisReader {
		const { value } = this
		if (this.absent) return new GenesisReader(`${this.path}.${name}`, undefined)
		if (typeof value !== 'object' || Array.isArray(value) || value === null) return this.wrong('an object')
		for (const key of Object.keys(value))
			if (known.indexOf(key) < 0) this.refuse(`unknown field "${key}"; the fields are ${known.join(', ')}`)
		return new GenesisReader(`${this.path}.${name}`, value[name])
	}
	/** The items of a list; an absent list is empty. */
	items(): GenesisReader[] {
		if (this.absent) return []
		if (!Array.isArray(this.value)) return this.wrong('a list')
		return this.value.map((item, i) => new GenesisReader(`${this.path}[${i}]`, item))
	}
	/** The items of a list of exactly `count`. */
	tuple(count: number): GenesisReader[] {
		const items = this.items()
		if (items.length !== count) this.wrong(`a list of ${count}`)
		return items
	}
	/** An integer in range; large ones may be decimal strings. */
	integer(max: bigint, what = 'an integer'): bigint {
		let { value } = this
		if (typeof value === 'string' && value.length > 0 && isDecimal(value)) value = BigInt(value)
		if (typeof value !== 'bigint') return this.wrong(what)
		if (value < 0n || value > max) return this.wrong(`${what} from 0 to ${max}`)
		return value
	}
	number(max = 0xffff_ffff): number {
		return Number(this.integer(BigInt(max)))
	}
	bool(): boolean {
		if (typeof this.value !== 'boolean') return this.wrong('true or false')
		return this.value
	}
	text(): string {
		if (typeof this.value !== 'string') return this.wrong('a string')
		return this.value
	}
	/** `0x…` of exactly `length` bytes (any length when undefined). Account ids are 32 bytes of hex. */
	bytes(length?: number): Uint8Array {
		const out = typeof this.value === 'string' ? fromHex(this.value) : undefined
		const wanted = length === undefined ? 'hex bytes (0x…)' : `${length} hex bytes (0x…)`
		if (!out || (length !== undefined && out.length !== length)) return this.wrong(wanted)
		return out
	}
}

const isDecimal = (text: string): boolean => {
	for (let i = 0; i < text.length; i++) if (text[i] < '0' || text[i] > '9') return false
	return true
}
