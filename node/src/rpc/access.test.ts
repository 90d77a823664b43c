import { describe, expect, it } from 'vitest'
import { hostAllowed, isLoopback, originAllowed, refusal, unsafeAllowed } from './access.ts'

describe('isLoopback', () => {
	it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
		expect(isLoopback(address)).toBe(true)
	})

	it.each([undefined, '', 'localhost', '0.0.0.0', '10.0.0.1', '::', '::ffff:10.0.0.1'])('%s is not', (address) => {
		expect(isLoopback(address)).toBe(false)
	})
})

describe('hostAllowed', () => {
	it.each([
		'localhost',
		'localhost:9944',
		'LOCALHOST:1',
		'127.0.0.1:9944',
		'[::1]:9944',
		'192.168.1.5:80',
		'app.localhost',
		'node.example:9944',
	])('lets %s in', (host) => {
		expect(hostAllowed(host, ['node.example'])).toBe(true)
	})

	it.each([undefined, '', 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:9944', 'xlocalhost'])(
		'keeps %s out',
		(host) => {
			expect(hostAllowed(host, ['node.example'])).toBe(false)
		},
	)
})

describe('originAllowed', () => {
	const origins = ['http://localhost:*', 'https://app.example']

	it.each([undefined, 'http://localhost', 'http://localhost:3000', 'https://app.example'])('lets %s in', (origin) => {
		expect(originAllowed(origin, origins)).toBe(true)
	})

	it.each([
		'null',
		'https://localhost:3000',
		'http://localhost.evil.example',
		'http://localhost:3000.evil.example',
		'https://app.example.evil',
		'https://app.example:444',
	])('keeps %s out', (origin) => {
		expect(originAllowed(origin, origins)).toBe(false)
	})

	it('lets any page in with all', () => {
		expect(originAllowed('https://evil.example', ['all'])).toBe(true)
	})
})

describe('policies', () => {
	const policy = { methods: 'auto', external: true, origins: [], hosts: [] } as const

	it('gives unsafe methods to direct local peers only, unless told otherwise', () => {
		expect(unsafeAllowed({}, '127.0.0.1', policy)).toBe(true)
		expect(unsafeAllowed({}, '203.0.113.9', policy)).toBe(false)
		expect(unsafeAllowed({ forwarded: 'for=203.0.113.9' }, '127.0.0.1', policy)).toBe(false)
		expect(unsafeAllowed({}, '203.0.113.9', { ...policy, methods: 'unsafe' })).toBe(true)
		expect(unsafeAllowed({}, '127.0.0.1', { ...policy, methods: 'safe' })).toBe(false)
	})

	it('lets strangers use any name of an external server, but not a local peer: it may be a rebound page', () => {
		expect(refusal({ host: 'node.example' }, '203.0.113.9', policy)).toBeUndefined()
		expect(refusal({ host: 'node.example' }, '127.0.0.1', policy)).toMatchObject({ status: 403 })
		expect(refusal({ host: 'node.example' }, '203.0.113.9', { ...policy, external: false })).toMatchObject({ status: 403 })
	})
})
