/** Entry of the blob's bundle: the runtime APIs by the names the host calls. */
import { entryPoints } from '../frame/api.ts'
import { apis } from './apis.ts'

;(globalThis as unknown as { __runtime: ReturnType<typeof entryPoints> }).__runtime = entryPoints(apis)
