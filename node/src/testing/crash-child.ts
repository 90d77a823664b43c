/** A node that makes blocks as fast as it can until it is killed. Prints each final block as `number hash`. */
import { readFileSync } from 'node:fs'
import { startNode } from '../node.ts'
import { extrinsic, quietLog, setArguments } from './runtime.ts'

const [specFile, basePath] = process.argv.slice(2)
const node = await startNode({
	spec: JSON.parse(readFileSync(specFile, 'utf8')),
	basePath,
	sealing: 'interval',
	blockTimeMs: 1,
	authority: '//Alice',
	log: quietLog,
})
node.chain.on('finalized', ({ number, hash }) => process.stdout.write(`${number} ${hash}\n`))
let nonce = 0
node.chain.on('best', ({ number }) => {
	// Some state in every block; a restart goes on with the account of the block's number.
	node.pool
		.submit(extrinsic({ from: `a${number}`, nonce: 0, arguments: setArguments(`k${number % 50}`, 'v'.repeat(nonce++ % 500)) }))
		.catch(() => {})
})
