export type { RpcNode } from './handler.ts'
export { type RpcOptions, type RpcServer, startRpc } from './server.ts'
