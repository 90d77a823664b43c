import type { PortableType, TypeId } from './types.ts'

/** How types are written for people: in Rust's notation, with the shortest end of a path that names one type only. */
export class TypeNames {
	private readonly types: readonly PortableType[]
	private readonly short: ReadonlyMap<string, string>

	constructor(types: readonly PortableType[]) {
		this.types = types
		this.short = shorten(new Set(types.filter(({ path }) => path.length > 0).map(({ path }) => path.join('::'))))
	}

	of(id: TypeId): string {
		const { path, params, shape } = this.types[id]
		if (path.length > 0) {
			const name = this.short.get(path.join('::'))!
			const open = path.length === 1 || this.types.some((other, i) => i !== id && other.path.join('::') === path.join('::'))
			return open && params.length > 0 ? `${name}<${params.map(({ type }) => this.of(type)).join(', ')}>` : name
		}
		switch (shape.kind) {
			case 'primitive':
				return shape.primitive
			case 'compact':
				return `Compact<${this.of(shape.item)}>`
			case 'sequence':
				return `Vec<${this.of(shape.item)}>`
			case 'array':
				return `[${this.of(shape.item)}; ${shape.length}]`
			case 'tuple':
				return `(${shape.items.map((item) => this.of(item)).join(', ')})`
			default:
				return `{ ${(shape.kind === 'composite' ? shape.fields : shape.variants).map(({ name }) => name).join(', ')} }`
		}
	}
}

/** For each path the fewest last segments that no other path ends with. */
const shorten = (paths: ReadonlySet<string>): Map<string, string> => {
	const ends = (path: string, count: number): string => path.split('::').slice(-count).join('::')
	const out = new Map<string, string>()
	for (const path of paths) {
		let count = 1
		while (count < path.split('::').length && [...paths].some((other) => other !== path && ends(other, count) === ends(path, count)))
			count++
		out.set(path, ends(path, count))
	}
	return out
}
