/**
 * Preloaded (`node --import`) into the execution client, before its own code. The client binds its peer-to-peer port to 0.0.0.0
 * whatever its options say, cannot tell which port it got when asked for port 0, and outlives a parent that was killed. So here
 * every TCP and UDP socket is bound to loopback, every listening port and every failed listen is told to the parent, and the
 * process ends with its parent.
 */
import dgram from 'node:dgram'
import net from 'node:net'

const LOOPBACK = '127.0.0.1'

/** What the parent is told. `name` is the host the client asked for: free to serve as a label, since all go to loopback. */
export type ListenReport =
	| { type: 'listening'; name: string; port: number }
	| { type: 'listenFailed'; name: string; port: number; code: string }

function report(message: ListenReport, then: () => void = () => {}): void {
	if (process.send === undefined) then()
	else process.send(message, undefined, undefined, then)
}

interface ListenTarget {
	name: string
	port: number
}

/** Host and port out of Node's overloads `listen(port, host?, …)` and `listen({ port, host }, …)`; undefined for paths and handles. */
function listenTarget(args: unknown[]): ListenTarget | undefined {
	const [first, second] = args
	if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first)))
		return { port: Number(first), name: typeof second === 'string' ? second : '' }
	if (typeof first === 'object' && first !== null && 'port' in first)
		return { port: Number(first.port), name: 'host' in first ? String(first.host) : '' }
	return undefined
}

const listen = net.Server.prototype.listen as (this: net.Server, ...args: unknown[]) => net.Server

net.Server.prototype.listen = function listenOnLoopback(this: net.Server, ...args: unknown[]): net.Server {
	const target = listenTarget(args)
	if (target === undefined) return listen.apply(this, args)
	this.once('listening', () => {
		const address = this.address()
		if (address !== null && typeof address === 'object') report({ type: 'listening', name: target.name, port: address.port })
	})
	this.once('error', (error: NodeJS.ErrnoException) => {
		report({ type: 'listenFailed', ...target, code: error.code ?? error.message }, () => process.exit(1))
	})
	const callback = args.find((argument) => typeof argument === 'function')
	return listen.call(this, { port: target.port, host: LOOPBACK }, callback)
}

const bind = dgram.Socket.prototype.bind as (this: dgram.Socket, options: dgram.BindOptions, callback?: () => void) => dgram.Socket

dgram.Socket.prototype.bind = function bindToLoopback(this: dgram.Socket, ...args: unknown[]): dgram.Socket {
	const [first] = args
	const port = typeof first === 'object' && first !== null && 'port' in first ? Number(first.port) : Number(first ?? 0)
	const callback = args.find((argument): argument is () => void => typeof argument === 'function')
	return bind.call(this, { port: Number.isNaN(port) ? 0 : port, address: LOOPBACK }, callback)
}

process.on('disconnect', () => process.exit(0))
