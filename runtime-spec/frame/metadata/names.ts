import { snake } from '../api.ts'
import { pascal } from '../pallet.ts'

const lowerFirst = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1)

/** A field, argument, call or API method: `stakeWei` is `stake_wei`, and a class such as `Normal` is `normal`. */
export const fieldName = (name: string): string => snake(lowerFirst(name))

/** Names that tools look up letter by letter and that no rule gives. */
const EXACT: Record<string, string> = { ss58Prefix: 'SS58Prefix' }

/** A storage item or constant: `totalIssuance` is `TotalIssuance`. */
export const itemName = (name: string): string => EXACT[name] ?? pascal(name)

/** The Rust crate a pallet's types would live in: tools file System's under `frame_system`, the others under `pallet_*`. */
export const crateName = (pallet: string): string => (pallet === 'System' ? 'frame_system' : `pallet_${fieldName(pallet)}`)
