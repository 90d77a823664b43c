import { useHost } from '../host.ts'
import { nativeHost } from './host.ts'
import { MemoryState } from './state.ts'

/** Import this before pallets in a native program: storage prefixes are hashed when a runtime is put together. */
useHost(nativeHost(new MemoryState()))
