/**
 * Run before every npm script of this repository: makes a fresh clone ready, and does nothing when it is ready already.
 * Plain JavaScript for the machine's own Node (20 or newer); everything after it runs on the Node 24 it installs.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const OLDEST_NODE = [22, 18]

const fail = (message) => {
	console.error(`setup: ${message}`)
	process.exit(1)
}

const run = (command, args, what) => {
	console.error(`setup: ${what}`)
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		stdio: ['ignore', 'inherit', 'inherit'],
		shell: process.platform === 'win32',
	})
	if (error) fail(`${command}: ${error.message}`)
	if (status !== 0) fail(`\`${command} ${args.join(' ')}\` ended with ${status}; its output is above`)
}

const digest = (...parts) => {
	const hash = createHash('sha256')
	for (const part of parts) hash.update(part)
	return hash.digest('hex')
}

/** Runs `work` unless the last run saw the same `now`. */
const once = (name, now, work) => {
	const file = join(root, 'node_modules', '.stkr', name)
	if (existsSync(file) && readFileSync(file, 'utf8') === now) return
	work()
	mkdirSync(join(root, 'node_modules', '.stkr'), { recursive: true })
	writeFileSync(file, now)
}

const sources = (folder) =>
	readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
		.map((entry) => join(entry.parentPath, entry.name))
		.filter((path) => !/[\\/](dist|node_modules)[\\/]/.test(path))
		.sort()
		.map((path) => readFileSync(path))

const lock = readFileSync(join(root, 'package-lock.json'))
// Install scripts stay off: what we use ships its binaries inside its packages. Not `npm ci`: it refuses a lockfile without the
// binaries of every other platform, and no registry has to carry them all. What the lockfile pins is installed alike.
once('installed', digest(lock), () =>
	run(
		'npm',
		['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
		'installing the packages of package-lock.json',
	),
)

const bundled = join(root, 'node_modules', '.bin', 'node')
const node = existsSync(bundled) ? bundled : process.execPath
if (node === process.execPath) {
	const [major, minor] = process.versions.node.split('.').map(Number)
	if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
		fail(`Node ${process.versions.node} is too old on this platform: install Node ${OLDEST_NODE.join('.')} or newer (24 is best)`)
}

if (!process.argv.includes('--no-build'))
	once('built', digest(lock, ...sources('runtime-spec'), ...sources('client/generate')), () => {
		run(node, ['runtime-spec/engine/build.ts'], 'building the runtime blob')
		run(node, ['client/generate/index.ts'], "generating the client's types")
	})
