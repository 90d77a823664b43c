import { readFileSync } from 'node:fs'

/** The metadata the build made, hex. */
export const builtMetadata = (version: 14 | 15): `0x${string}` =>
	`0x${readFileSync(new URL(`../../runtime-spec/dist/metadata${version}.scale`, import.meta.url), 'hex')}`
