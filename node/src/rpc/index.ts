export { type RpcOptions, type RpcServer, startRpc } from './server.ts'
