/** The server could not listen; the message says on what, and how to choose another. */
export class RpcListenError extends Error {
	readonly code: string | undefined

	constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
		super(`cannot serve JSON-RPC on ${host}:${port}: ${reasonOf(cause)}`, { cause })
		this.name = 'RpcListenError'
		this.code = cause.code
	}
}

function reasonOf(cause: NodeJS.ErrnoException): string {
	switch (cause.code) {
		case 'EADDRINUSE':
			return 'another program has the port; stop it, or choose another port with --rpc-port <port> (0 takes a free one)'
		case 'EACCES':
			return 'this user may not open the port; choose one above 1023 with --rpc-port <port>'
		case 'EADDRNOTAVAIL':
			return 'this machine has no such address; choose one with --rpc-host <address>'
		default:
			return cause.message
	}
}
