/** Thread of the validator: its own runtime instance and database reader. */
import { parentPort, workerData } from 'node:worker_threads'
import { decodeHeader } from '../block/header.ts'
import type { Hash } from '../chain.ts'
import { fromHex } from '../crypto/hex.ts'
import { verify } from '../crypto/signature.ts'
import type { Verdict } from '../crypto/verdicts.ts'
import { Execution, type HostServices } from '../executor/execution.ts'
import { type CompiledRuntime, Runtime } from '../executor/runtime.ts'
import { ChainDatabase } from '../store/database.ts'

export interface WorkerStart {
	databasePath: string
	method: string
}

export interface WorkerRequest {
	block: Hash
	rootNode: number
	/** New code, when it is not what the last request had. */
	runtime: CompiledRuntime | null
	inputs: Uint8Array[]
}

export interface WorkerAnswer {
	/** The runtime's answer to each input, or why there is none. */
	results: (Uint8Array | string)[]
	verdicts: Verdict[]
}

/** Nodes this thread keeps; the hot top of the trie and recent accounts. */
const CACHE_BYTES = 64 * 2 ** 20

const start = workerData as WorkerStart
const database = ChainDatabase.open(start.databasePath, { readOnly: true, cacheBytes: CACHE_BYTES })
let runtime: Runtime | null = null
let verdicts: Verdict[] = []

const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const services: HostServices = {
	verify: (scheme, signature, message, publicKey) => {
		const valid = verify(scheme, signature, message, publicKey)
		verdicts.push({ scheme, signature: copy(signature), message: copy(message), publicKey: copy(publicKey), valid })
		return valid
	},
	log: () => {},
}

const validate = ({ block, rootNode, inputs, ...request }: WorkerRequest): WorkerAnswer => {
	if (request.runtime) runtime = new Runtime(request.runtime)
	database.refresh()
	const header = database.header(block)
	if (!runtime || !header) throw new Error(`block ${block} is not in the database`)
	const trie = database.nodes.open(rootNode, fromHex(decodeHeader(header).stateRoot))
	verdicts = []
	const session = {}
	const results = inputs.map((input) => {
		try {
			return new Execution(trie, runtime!, services, session).call(start.method, input)
		} catch (error) {
			return (error as Error).message
		}
	})
	return { results, verdicts }
}

parentPort!.on('message', (request: WorkerRequest) => {
	let answer: WorkerAnswer
	try {
		answer = validate(request)
	} catch (error) {
		answer = { results: request.inputs.map(() => (error as Error).message), verdicts: [] }
	}
	parentPort!.postMessage(answer)
})
