import type { Linked } from './link.ts'
import { compileScript, type Realm } from './realm.ts'
import { concat } from './wasm.ts'

/** Bytes of an asset that is not worth packing. */
const SMALL_BYTES = 512

/** A copy of bytes that stand `distance` before. */
interface Copy {
	distance: number
	length: number
}
const SHORTEST = 3
const LONGEST = 512
const FARTHEST = 1 << 15
/** Distances up to here take one byte, the others two. */
const NEAR = 1 << 7
/** Counts from here on continue behind their four bits in bytes, each but the last 255. */
const LONG = 15
/** Earlier places with the same three bytes that are compared, the latest first. */
const PLACES = 256

/** For each position the copies that can be made there, each longer than the ones before. */
function copiesOf(data: Uint8Array): Copy[][] {
	const places = new Map<number, number[]>()
	return Array.from({ length: data.length }, (_, at) => {
		const copies: Copy[] = []
		if (at + SHORTEST > data.length) return copies
		const key = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16)
		const before = places.get(key) ?? []
		const longest = Math.min(LONGEST, data.length - at)
		for (const from of before.slice(-PLACES).reverse()) {
			if (at - from > FARTHEST || copies.at(-1)?.length === longest) break
			let length = SHORTEST
			while (length < longest && data[from + length] === data[at + length]) length++
			if (length > (copies.at(-1)?.length ?? 0)) copies.push({ distance: at - from, length })
		}
		before.push(at)
		places.set(key, before)
		return copies
	})
}

/** The copy to make at each position, or none, for the fewest bytes from there to the end. */
function cheapest(data: Uint8Array): (Copy | undefined)[] {
	const copies = copiesOf(data)
	const bytes = new Uint32Array(data.length + 1)
	const chosen = new Array<Copy | undefined>(data.length)
	for (let at = data.length - 1; at >= 0; at--) {
		bytes[at] = bytes[at + 1] + 1
		for (const { distance, length: longest } of copies[at]) {
			for (let length = SHORTEST; length <= longest; length++) {
				const needed = bytes[at + length] + (distance > NEAR ? 3 : 2) + (length >= SHORTEST + LONG ? 1 : 0)
				if (needed >= bytes[at]) continue
				bytes[at] = needed
				chosen[at] = { distance, length }
			}
		}
	}
	return chosen
}

/** Packs bytes as literals and copies of what came before, in turns: a byte of count and length, the literals, the distance. */
function pack(data: Uint8Array): Uint8Array {
	const chosen = cheapest(data)
	const out: number[] = []
	const continued = (count: number): void => {
		if (count < LONG) return
		for (let rest = count - LONG; ; rest -= 255) {
			out.push(Math.min(rest, 255))
			if (rest < 255) return
		}
	}
	for (let at = 0; at < data.length; ) {
		const from = at
		while (at < data.length && !chosen[at]) at++
		const copy = chosen[at] ?? { distance: 0, length: SHORTEST }
		const more = copy.length - SHORTEST
		out.push((Math.min(at - from, LONG) << 4) | Math.min(more, LONG))
		continued(at - from)
		for (let literal = from; literal < at; literal++) out.push(data[literal])
		if (at === data.length) break
		continued(more)
		const distance = copy.distance - 1
		if (distance < NEAR) out.push(distance)
		else out.push(NEAR | (distance >> 8), distance & 0xff)
		at += copy.length
	}
	return Uint8Array.from(out)
}

/**
 * Makes `globalThis.__assets` from `globalThis.__packed`. A call unpacks as far as it reads, and goes on from there when it reads
 * more; an unpacking that runs out of memory is begun again where the last one ended.
 */
export const UNPACK = `(function () {
	var packed = globalThis.__packed, out, from, to, endedFrom = 0, endedTo = 0
	delete globalThis.__packed
	function count(value) {
		if (value === ${LONG}) {
			do { var more = packed[from++]; value += more } while (more === 255)
		}
		return value
	}
	function unpack(end) {
		if (!out) out = new Uint8Array(TOTAL)
		for (from = endedFrom, to = endedTo; to < end; ) {
			var token = packed[from++], literals = count(token >> 4)
			out.set(packed.subarray(from, from += literals), to)
			to += literals
			if (to === TOTAL) break
			var length = count(token & ${LONG}) + ${SHORTEST}, distance = packed[from++]
			if (distance >= ${NEAR}) distance = (distance - ${NEAR}) << 8 | packed[from++]
			for (var source = to - distance - 1; length > 0; length--) out[to++] = out[source++]
		}
		endedFrom = from
		endedTo = to
	}
	function part(start, end) {
		unpack(end)
		return out.slice(start, end)
	}
	globalThis.__assets = { GETTERS }
})()`

/** Gives a realm `globalThis.__assets`: an object of Uint8Arrays, of which the large ones are packed and made when they are read. */
export function installAssets(linked: Linked, realm: Realm, assets: Readonly<Record<string, Uint8Array>>): void {
	const byName = Object.entries(assets).sort(([a], [b]) => (a < b ? -1 : 1))
	// The largest first, so that those read most are unpacked without the others.
	const large = byName.filter(([, { length }]) => length >= SMALL_BYTES).sort(([, a], [, b]) => b.length - a.length)
	const data = concat(...large.map(([, bytes]) => bytes))
	let start = 0
	const getters = large.map(([name, { length }]) => {
		const from = start
		start += length
		return `get ${JSON.stringify(name)}() { return part(${from}, ${start}) }`
	})
	realm.setProperty(realm.global, '__packed', realm.newBytes(pack(data)))
	realm.run(compileScript(linked, UNPACK.replaceAll('TOTAL', `${data.length}`).replace('GETTERS', getters.join(', ')), 'assets.js'))
	const object = realm.getProperty(realm.global, '__assets')
	for (const [name, bytes] of byName) if (bytes.length < SMALL_BYTES) realm.setProperty(object, name, realm.newBytes(bytes))
	realm.release(object)
}
