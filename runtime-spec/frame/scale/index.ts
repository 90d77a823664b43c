export * from './buffer.ts'
export * from './codec.ts'
export * from './composite.ts'
