import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Who may call what over the RPC port. */
export interface AccessPolicy {
	/** `auto`: unsafe methods for peers on this machine only. */
	methods: 'auto' | 'safe' | 'unsafe'
	/** True when the server listens beyond loopback on purpose. */
	external: boolean
	/** Browser origins let in: exact, or with `*` for the port (`http://localhost:*`); `all` lets in any. */
	origins: readonly string[]
	/** Further host names by which clients may reach this server (IP addresses and `localhost` always may). */
	hosts: readonly string[]
}

/** Pages served on this machine, and the public polkadot.js apps: what polkadot-sdk nodes let in by default. */
export const DEFAULT_ORIGINS = [
	'http://localhost:*',
	'http://127.0.0.1:*',
	'https://localhost:*',
	'https://127.0.0.1:*',
	'https://polkadot.js.org',
] as const

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True for 127.0.0.0/8, ::1 and IPv4 loopback written as IPv6. */
export function isLoopback(address: string | undefined): boolean {
	if (address === undefined) return false
	const family = isIP(address)
	return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

export function originAllowed(origin: string | undefined, origins: readonly string[]): boolean {
	// programs other than browsers send none
	if (origin === undefined || origins.includes('all')) return true
	return origins.some((allowed) => {
		if (!allowed.endsWith(':*')) return origin === allowed
		const base = allowed.slice(0, -2)
		return origin === base || (origin.startsWith(`${base}:`) && /^\d+$/.test(origin.slice(base.length + 1)))
	})
}

/**
 * False when the Host header is a name this server is not known by: a page of a stranger's site whose DNS name was
 * re-pointed to 127.0.0.1 (DNS rebinding) sends its own name there. An address can't be re-pointed.
 */
export function hostAllowed(host: string | undefined, hosts: readonly string[]): boolean {
	const name = host
		?.replace(/:\d+$/, '')
		.replace(/^\[(.*)\]$/, '$1')
		.toLowerCase()
	if (!name) return false
	return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.includes(name)
}

interface Refusal {
	status: number
	reason: string
}

/** Why a request may not come in; undefined when it may. */
export function refusal(headers: IncomingHttpHeaders, peer: string | undefined, policy: AccessPolicy): Refusal | undefined {
	if ((!policy.external || isLoopback(peer)) && !hostAllowed(headers.host, policy.hosts)) {
		return {
			status: 403,
			reason: `Host header "${headers.host ?? ''}" is not a name of this node (DNS rebinding guard); use an IP address or localhost, or start the node with --rpc-allow-host <name>`,
		}
	}
	if (!originAllowed(headers.origin, policy.origins)) {
		return { status: 403, reason: `Origin "${headers.origin}" is not let in; start the node with --rpc-cors ${headers.origin} (or all)` }
	}
	return undefined
}

/** May this peer call unsafe methods? A request that came through a proxy counts as not local. */
export function unsafeAllowed(headers: IncomingHttpHeaders, peer: string | undefined, policy: AccessPolicy): boolean {
	if (policy.methods !== 'auto') return policy.methods === 'unsafe'
	return isLoopback(peer) && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined
}
