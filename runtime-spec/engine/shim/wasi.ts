// The engine's own imports, answered the same way on every machine: no clock, no randomness, no files, no modules.
import { fill } from './memory'

const EBADF: i32 = 8

export function host_get_timezone_offset(_high: i32, _low: i32): i32 {
	return 0
}
export function host_interrupt(): i32 {
	return 0
}
export function host_promise_rejection(_promise: i32, _reason: i32, _handled: i32): void {}
export function host_module_normalize(_base: i32, _name: i32): i32 {
	unreachable()
	return 0
}
export function host_module_load(_name: i32, _length: i32): i32 {
	unreachable()
	return 0
}
export function host_call(_id: i32, _self: i32, _argc: i32, _argv: i32, _data: i32): i32 {
	unreachable()
	return 0
}
export function clock_time_get(_id: i32, _precision: u64, at: u32): i32 {
	store<u64>(at, 0)
	return 0
}
export function random_get(at: u32, length: u32): i32 {
	fill(at, 0, length)
	return 0
}
export function fd_close(_fd: i32): i32 {
	return EBADF
}
export function fd_fdstat_get(_fd: i32, _at: i32): i32 {
	return EBADF
}
export function fd_seek(_fd: i32, _offset: i64, _whence: i32, _at: i32): i32 {
	return EBADF
}
export function fd_write(_fd: i32, _vectors: u32, _count: i32, _writtenAt: u32): i32 {
	return EBADF
}
