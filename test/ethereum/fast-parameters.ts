/**
 * Preloaded into the execution client. @ethereumjs/common 10 rebuilds a fork's parameter table for every block header it makes,
 * copying the growing table once per EIP: over half of the client's CPU time in this network. Filling the new table in place
 * gives the same table. It belongs to this copy alone: the rebuild starts from an empty one.
 */
import { Common } from '@ethereumjs/common'

Object.defineProperty(Common.prototype, '_mergeWithParamsCache', {
	value(this: { _paramsCache: object }, parameters: object): void {
		Object.assign(this._paramsCache, parameters)
	},
})
