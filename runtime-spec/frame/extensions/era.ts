import { Codec, DecodeError, type Reader, type Writer } from '../scale/index.ts'

/** The blocks an extrinsic is valid in: `period` blocks (a power of two from 4 to 65,536) from `phase` on; period 0 is for ever. */
export interface Era {
	period: number
	phase: number
}

/** SCALE of sp_runtime::generic::Era: one zero byte for immortal, else period and quantised phase in two bytes. */
class EraCodec extends Codec<Era> {
	write(w: Writer, { period, phase }: Era): void {
		if (period === 0) {
			w.u8(0)
			return
		}
		let bits = 1
		while (2 << bits < period) bits++
		w.u16(bits | (Math.trunc(phase / quantum(period)) << 4))
	}
	read(r: Reader): Era {
		const first = r.u8()
		if (first === 0) return { period: 0, phase: 0 }
		const encoded = first | (r.u8() << 8)
		const period = 2 << (encoded & 15)
		const phase = (encoded >> 4) * quantum(period)
		if (period < 4 || phase >= period) throw new DecodeError('mortal era out of range')
		return { period, phase }
	}
	/** First block of the span that holds block `now`. */
	birth({ period, phase }: Era, now: number): number {
		const from = now > phase ? now : phase
		return Math.trunc((from - phase) / period) * period + phase
	}
}
const quantum = (period: number): number => (period >> 12 > 1 ? period >> 12 : 1)

export const era = new EraCodec()
export { EraCodec }
