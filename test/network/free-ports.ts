import { createServer, type Server } from 'node:net'

const listen = (): Promise<Server> =>
	new Promise((resolve, reject) => {
		const server = createServer()
		server.once('error', reject)
		server.listen(0, '127.0.0.1', () => resolve(server))
	})

/** TCP ports of loopback that nobody listens on. All are held at once, so that they differ, and then let go. */
export const freePorts = async (count: number): Promise<number[]> => {
	const servers = await Promise.all(Array.from({ length: count }, listen))
	const ports = servers.map((server) => (server.address() as { port: number }).port)
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
	return ports
}
